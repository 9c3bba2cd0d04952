/** The keys below `components` that choose one component each, with the contract that each stands for. */
export const SLOTS = {
  cluster: 'cluster',
  ingress: 'ingress',
  mesh: 'mesh',
  certs: 'certs',
  secretSync: 'secret-sync',
  storage: 'storage',
  registry: 'registry',
  builder: 'builder',
  catalog: 'catalog',
} as const satisfies Readonly<Record<string, string>>;

/** A key below `components`, other than the list `brokers`. */
export type Slot = keyof typeof SLOTS;
