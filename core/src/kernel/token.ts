/**
 * A typed name for a service. Two copies of core in one process make tokens that are interchangeable,
 * because only `key` counts.
 */
export interface Token<T> {
  readonly id: string;
  readonly key: symbol;
  /** Set on tokens that stand for all the services of one contract; nobody in it is an empty list. */
  readonly list?: true;
  /** Carries the type; never present at run time. */
  readonly type?: T;
}

/** A need that may be left unmet; the service then arrives as `undefined`. */
export interface OptionalToken<T> {
  readonly optional: Token<T>;
}

/** What a plugin asks for: names of its own choosing to tokens. */
export type Needs = Readonly<Record<string, Token<unknown> | OptionalToken<unknown>>>;

/** The services that meet a record of needs. */
export type Resolved<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends Token<infer T>
    ? T
    : N[K] extends OptionalToken<infer T>
      ? T | undefined
      : never;
};

/** Makes the token of the service named `id`; the same id always gives the same key. */
export function token<T>(id: string): Token<T> {
  return Object.freeze({ id, key: Symbol.for(`epinio:${id}`) });
}

/** Makes the token of a list of services, for the `many` of a contract. */
export function listToken<T>(id: string): Token<readonly T[]> {
  return Object.freeze({ id, key: Symbol.for(`epinio:${id}`), list: true });
}

/** Marks a need as optional. */
export function optional<T>(wanted: Token<T>): OptionalToken<T> {
  return Object.freeze({ optional: wanted });
}
