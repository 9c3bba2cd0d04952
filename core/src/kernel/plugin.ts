import type { z } from 'zod';
import type { Kube } from '../ports/kube.ts';
import type { PlatformSettings } from '../ports/settings.ts';
import type { Detected, Finding, Part, Probe } from './component.ts';
import type { Needs, Resolved, Token } from './token.ts';

/** The version of the plugin interface that this core speaks. Checked when a plugin is loaded. */
export const CONTRACT_VERSION = 1;

/** What the server gives to a plugin's `run` loop. */
export interface RunHost {
  /** Aborted when the server stops; `run` then finishes what it has begun and returns. */
  readonly signal: AbortSignal;
  /** To be called once the loop serves; the server waits for it with a deadline before it goes on. */
  ready(): void;
}

/** What a plugin's `check` is told beside its config. */
export interface CheckContext {
  readonly settings: PlatformSettings;
  /** What `detect` found; `absent` for a plugin without it. */
  readonly detected: Detected;
  readonly signal: AbortSignal;
}

/** A contract as plugins name it in `provides`. */
export type ContractToken<C> = Token<C> & {
  readonly contract: true;
  /** Present when several plugins may provide it: the token of the list of them all, to name in `needs`. */
  readonly many?: Token<readonly C[]>;
};

/**
 * One component: frozen data, the default export of an npm package. Importing it does nothing.
 * `create` makes the client side, cheaply and in any process (CLI or server); `run` is the server side
 * and is hosted by the Epinio server alone.
 */
export interface Plugin<
  C = unknown,
  S extends C = C,
  N extends Needs = Needs,
  Config extends z.ZodType = z.ZodType,
> {
  readonly $$type: 'epinio/plugin';
  /** Kebab-case, unique: "paper-shelf". */
  readonly id: string;
  readonly provides: ContractToken<C>;
  readonly contractVersion: number;
  /** Other contracts and ports; they arrive, typed, as the first argument of `create`, and give the order. */
  readonly needs: N;
  /** A zod strict object with every key described: the `with:` part of the config file. */
  readonly config: Config;
  /** `epinio enable <feature>` adds the plugin that declares it. */
  readonly feature?: string;
  /** Looks for the component in the cluster; absent means that it is always installed by us. */
  readonly detect?: (kube: Kube, config: z.output<Config>) => Promise<Detected>;
  /**
   * Looks, before anything is touched, for what would make an install fail half-way or work otherwise than a person
   * expects; reads only. An error refuses the install, a warning is told.
   */
  readonly check?: (
    kube: Kube,
    config: z.output<Config>,
    context: CheckContext,
  ) => Promise<readonly Finding[]>;
  /** Pure: what goes into the cluster. */
  readonly parts: (config: z.output<Config>) => readonly Part[];
  /** Pure: when it can be used. */
  readonly probes: (config: z.output<Config>) => readonly Probe[];
  readonly create: (needs: Resolved<N>, config: z.output<Config>) => S | Promise<S>;
  /**
   * The loop that the server hosts: listens, reconciles. Resolves after a clean stop; a rejection before
   * `ready` fails the start, a later one stops the server with the plugin's name.
   */
  readonly run?: (service: S, host: RunHost) => Promise<void>;
}

export type PluginDefinition<C, S extends C, N extends Needs, Config extends z.ZodType> = Omit<
  Plugin<C, S, N, Config>,
  '$$type'
>;

/** A plugin whose type parameters do not matter to the holder. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the parameters are contravariant; `unknown` would refuse every plugin
export type AnyPlugin = Plugin<any, any, any, any>;

/** Declares a plugin; the result is frozen. */
export function definePlugin<C, S extends C, const N extends Needs, Config extends z.ZodType>(
  definition: PluginDefinition<C, S, N, Config>,
): Plugin<C, S, N, Config> {
  return Object.freeze({ $$type: 'epinio/plugin', ...definition });
}

/** Makes the token of a contract; with `many`, of one that several plugins may provide. */
export function contract<C>(
  id: string,
  options: { readonly many?: Token<readonly C[]> } = {},
): ContractToken<C> {
  return Object.freeze({ id, key: Symbol.for(`epinio:${id}`), contract: true, ...options });
}
