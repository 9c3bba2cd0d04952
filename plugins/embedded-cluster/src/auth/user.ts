/** Who a request comes from. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  /** What else is known of the proof: `authentication.kubernetes.io/pod-name` and its kin. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Whoever is in this group may do everything. */
export const MASTERS = 'system:masters';
export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';

/** Whoever proves nothing. */
export const ANONYMOUS: User = { name: 'system:anonymous', groups: [UNAUTHENTICATED] };

/** A user whose identity was proved. */
export function authenticated(name: string, groups: readonly string[]): User {
  return { name, groups: [...groups, AUTHENTICATED] };
}
