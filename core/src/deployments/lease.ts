import type { AppState } from './app-state.ts';

/** A server that has not renewed its hold for this long is taken for dead. */
export const LEASE_MS = 30_000;
/** How often a hold is renewed. */
export const RENEW_MS = 10_000;

/** True when this server may work on the application: it holds it, or nobody who lives does. */
export function mayHold({ lease }: AppState, identity: string, now: number): boolean {
  return lease === undefined || lease.holder === identity || now - lease.renewedAt > LEASE_MS;
}

/** The change that takes or renews the hold; nothing when another server has it. */
export function holdLease(state: AppState, identity: string, now: number): Pick<AppState, 'lease'> {
  return mayHold(state, identity, now) ? { lease: { holder: identity, renewedAt: now } } : {};
}
