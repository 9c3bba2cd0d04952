import { isDeepStrictEqual } from 'node:util';

/** A JSON object, as an API server handles it: kinds are data. */
export interface Json {
  [key: string]: unknown;
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map at `key`, made when there is none. */
export function childOf(object: Json, key: string): Json {
  const present = object[key];
  if (isJson(present)) return present;
  const made: Json = {};
  object[key] = made;
  return made;
}

/** A copy that has not these keys. */
export function without(object: Json, ...keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

export function freezeDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) freezeDeep(child);
  }
  return value;
}

/** Without what JSON cannot carry, as a request's body loses it. */
export function overTheWire<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const NAMED = ['name'];
/** Lists of maps that built-in kinds merge by key (`x-kubernetes-list-map-keys`); all others are replaced whole. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  conditions: ['type'],
  containers: NAMED,
  env: NAMED,
  ephemeralContainers: NAMED,
  hostAliases: ['ip'],
  imagePullSecrets: NAMED,
  initContainers: NAMED,
  ownerReferences: ['uid'],
  secrets: NAMED,
  volumeMounts: ['mountPath'],
  volumes: NAMED,
};

/** By which fields the items of a list are told apart; undefined for lists that are one value. */
export function listKeys(
  field: string,
  lists: readonly (readonly unknown[])[],
): readonly string[] | undefined {
  const items = lists.flat();
  if (!items.every(isJson)) return undefined;
  if (field === 'ports') {
    if (items.every((item) => 'containerPort' in item)) return ['containerPort', 'protocol'];
    return items.every((item) => 'targetPort' in item || 'nodePort' in item)
      ? ['port', 'protocol']
      : undefined;
  }
  const keys = LIST_KEYS[field];
  return keys?.every((key) => items.every((item) => key in item)) === true ? keys : undefined;
}

/** One item's identity within its list. */
export function itemKey(item: unknown, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => (item as Json)[key] ?? (key === 'protocol' ? 'TCP' : null)));
}

export { isDeepStrictEqual as sameJson };
