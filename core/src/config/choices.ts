import { partAt, plain, type LocatedMap } from './located.ts';
import { originAt } from './located.ts';
import type { Origin } from './origin.ts';
import { SLOTS, type Slot } from './slots.ts';

/** A component that the configuration asks for. */
export interface ComponentChoice {
  /** The id of the contract that it must provide: "secret-sync". */
  readonly contract: string;
  /** Where it is in the configuration: ["components", "ingress"], ["components", "brokers", 0]. */
  readonly path: readonly (string | number)[];
  /** As it was written: a short name, a package, a path. */
  readonly use: string;
  /** Only for brokers: what tells two uses of one plugin apart. */
  readonly name?: string;
  /** Not yet checked by the plugin's schema. */
  readonly with: unknown;
  /** Of `use`. */
  readonly origin: Origin;
}

/** The components of a merged configuration, in the order of the contracts; slots without `use` are left out. */
export function choicesOf(merged: LocatedMap): ComponentChoice[] {
  const slots = (Object.keys(SLOTS) as Slot[]).flatMap((slot) =>
    choice(merged, SLOTS[slot], ['components', slot]),
  );
  const brokers = partAt(merged, ['components', 'brokers']);
  const count = brokers?.kind === 'list' ? brokers.items.length : 0;
  return [
    ...slots,
    ...Array.from({ length: count }, (_, index) =>
      choice(merged, 'broker', ['components', 'brokers', index]),
    ).flat(),
  ];
}

function choice(merged: LocatedMap, contract: string, path: readonly (string | number)[]): ComponentChoice[] {
  const text = (key: string): string | undefined => {
    const part = partAt(merged, [...path, key]);
    return part?.kind === 'scalar' && typeof part.value === 'string' && part.value !== ''
      ? part.value
      : undefined;
  };
  const use = text('use');
  if (use === undefined) return [];
  const name = text('name');
  const options = partAt(merged, [...path, 'with']);
  return [
    {
      contract,
      path,
      use,
      ...(name === undefined ? {} : { name }),
      with: options === undefined ? {} : plain(options),
      origin: originAt(merged, [...path, 'use']),
    },
  ];
}
