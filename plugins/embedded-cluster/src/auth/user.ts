/** Who a request comes from. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

/** Whoever is in this group may do everything. */
export const MASTERS = 'system:masters';
const AUTHENTICATED = 'system:authenticated';

/** A user whose identity was proved. */
export function authenticated(name: string, groups: readonly string[]): User {
  return { name, groups: [...groups, AUTHENTICATED] };
}
