import { map, type Entry, type Located, type LocatedMap } from './located.ts';
import { SLOTS } from './slots.ts';

/**
 * Lays one source over another: what the higher one says wins, maps are merged key by key, lists are
 * replaced. A component is merged only with the same component: options of another one mean nothing to it.
 */
export function lay(high: Located, low: Located | undefined): Located {
  return merge(high, low, []);
}

function merge(high: Located, low: Located | undefined, path: readonly string[]): Located {
  if (low === undefined || high.kind !== 'map' || low.kind !== 'map') return high;
  if (isSlot(path) && otherComponent(high, low)) return high;
  const keys = [...new Set([...low.entries.keys(), ...high.entries.keys()])];
  return map(
    high.origin,
    keys.map((key): readonly [string, Entry] => {
      const above = high.entries.get(key);
      const below = low.entries.get(key);
      const top = above ?? below;
      if (top === undefined) throw new RangeError(`no entry "${key}"`);
      if (above === undefined || below === undefined) return [key, top];
      return [key, { keyOrigin: above.keyOrigin, value: merge(above.value, below.value, [...path, key]) }];
    }),
  );
}

function isSlot(path: readonly string[]): boolean {
  return path.length === 2 && path[0] === 'components' && Object.hasOwn(SLOTS, path[1] ?? '');
}

function otherComponent(high: LocatedMap, low: LocatedMap): boolean {
  const chosen = useOf(high);
  return chosen !== undefined && chosen !== useOf(low);
}

function useOf(component: LocatedMap): unknown {
  const use = component.entries.get('use')?.value;
  return use?.kind === 'scalar' ? use.value : undefined;
}

/** Writes every component that is given by its name alone as a map with `use`. */
export function spellOut(source: Located): Located {
  return mapEntry(source, 'components', (components) => {
    if (components.kind !== 'map') return components;
    return map(
      components.origin,
      [...components.entries].map(([key, entry]): readonly [string, Entry] => {
        const { value } = entry;
        if (Object.hasOwn(SLOTS, key)) return [key, { ...entry, value: withUse(value) }];
        if (key !== 'brokers' || value.kind !== 'list') return [key, entry];
        return [key, { ...entry, value: { ...value, items: value.items.map(withUse) } }];
      }),
    );
  });
}

function withUse(component: Located): Located {
  if (component.kind !== 'scalar' || typeof component.value !== 'string') return component;
  return map(component.origin, [['use', { keyOrigin: component.origin, value: component }]]);
}

function mapEntry(source: Located, key: string, change: (value: Located) => Located): Located {
  if (source.kind !== 'map') return source;
  const entry = source.entries.get(key);
  if (entry === undefined) return source;
  return map(source.origin, [...source.entries, [key, { ...entry, value: change(entry.value) }]]);
}
