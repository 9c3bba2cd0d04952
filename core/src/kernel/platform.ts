import type { Container } from './container.ts';
import type { Locate } from './config-problems.ts';
import { sharedSignal, withDeadline } from './deadline.ts';
import { EpinioError, isEpinioError, messageOf } from './errors.ts';
import { capital } from './graph.ts';
import { checkNodes, type NodePlan } from './nodes.ts';
import type { AnyPlugin } from './plugin.ts';
import { problemsError } from './problem.ts';
import type { Needs, Resolved, Token } from './token.ts';

/** A plugin that was chosen for the platform, with its `with:` part as it was written. */
export interface PluginUse {
  readonly plugin: AnyPlugin;
  /** Checked by the plugin's own schema; absent is an empty object. */
  readonly config?: unknown;
  /** Unique among the uses; the plugin's id when absent. Tells two uses of one broker plugin apart. */
  readonly name?: string;
  /** Where the use was written: "epinio.config.yaml:4:5". */
  readonly origin?: string;
  /** Where the value at a path below `config` was written. */
  readonly locate?: Locate;
  /** The path of `config` in the config file, for messages: ["components", "ingress", "with"]. */
  readonly path?: readonly PropertyKey[];
}

/** A service that was made outside: a port, ready to use. */
export interface Provided<T = unknown> {
  readonly token: Token<T>;
  readonly service: T;
}

/** Pairs a token with its service, so that the compiler checks that they fit. */
export function provide<T>(token: Token<T>, service: T): Provided<T> {
  return { token, service };
}

/** A port that is made from other services: the kube port from the `cluster` contract, informers from kube. */
export interface Derivation<T = unknown, N extends Needs = Needs> {
  readonly provides: Token<T>;
  readonly needs: N;
  readonly make: (needs: Resolved<N>, signal: AbortSignal) => T | Promise<T>;
  readonly close?: (service: T) => void | Promise<void>;
}

/** Declares a derived port; needs and result are checked against each other. */
export function derive<T, const N extends Needs>(derivation: Derivation<T, N>): Derivation {
  return derivation as unknown as Derivation;
}

/** What a platform is made of. */
export interface PlatformOptions {
  readonly plugins: readonly PluginUse[];
  readonly ports?: readonly Provided[];
  readonly derive?: readonly Derivation[];
  /** Ends every creation that is under way. */
  readonly signal?: AbortSignal;
  /** For each plugin's `create` and each derived port; default 10 seconds. */
  readonly createTimeoutMs?: number;
}

/** One thing that the platform makes: a plugin's service, a derived port, or the list of a contract's services. */
export interface PlatformNode {
  readonly name: string;
  readonly kind: 'plugin' | 'derived' | 'list';
  /** Under which `open` makes it. */
  readonly token: Token<unknown>;
  readonly plugin?: AnyPlugin;
  /** The plugin's config, checked and with its defaults. */
  readonly config?: unknown;
  readonly origin?: string;
  /** Names of the nodes that are made before it. */
  readonly after: readonly string[];
}

/** Plugins and ports, wired. Nothing is made until it is asked for. */
export interface Platform {
  /** Each after all it needs. */
  readonly nodes: readonly PlatformNode[];
  /**
   * The service of a token: made now, after all it needs, unless it was made before. Fails with
   * `SERVICE_MISSING` when nothing provides it, with `PLUGIN_CREATE_FAILED` or the error of the plugin
   * itself, or with `PLUGIN_CREATE_TIMEOUT`; a failure is final for the platform's life.
   */
  open<T>(token: Token<T>): Promise<T>;
  /** The service of one node, like `open`. */
  openNode(node: PlatformNode): Promise<unknown>;
  /** Opens every node, in order. */
  openAll(): Promise<void>;
  /** A service that is there already. Fails with `SERVICE_MISSING`. */
  get<T>(token: Token<T>): T;
  /** Milliseconds that each opened node took to make, without those it needed. */
  readonly timings: ReadonlyMap<string, number>;
  /** Closes derived ports and services with `Symbol.asyncDispose`, newest first. Ports that were given stay open. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Long: a machine may be busy with a build while the platform starts. */
const CREATE_TIMEOUT_MS = 60_000;

/**
 * Checks everything (duplicates, unmet needs, cycles, every plugin's config) and tells all that is wrong
 * in one error, `PLATFORM_INVALID`, or the single problem's own code. No plugin code has run by then.
 */
export async function createPlatform(options: PlatformOptions): Promise<Platform> {
  const { plans, problems } = checkNodes(options);
  if (problems.length > 0) throw problemsError('PLATFORM_INVALID', 'The platform', problems);
  // Loaded here, so that programs that only read types and contracts do not pay for the injection library.
  const { Container } = await import('./container.ts');
  const container = new Container();
  for (const { token, service } of options.ports ?? []) container.set(token, service);
  const { signal } = options;
  const shared = signal === undefined ? {} : { signal: sharedSignal(signal) };
  return new WiredPlatform(plans, container, { ...options, ...shared });
}

class WiredPlatform implements Platform {
  readonly nodes: readonly PlatformNode[];
  readonly timings = new Map<string, number>();
  readonly #plans: ReadonlyMap<string, NodePlan>;
  readonly #container: Container;
  readonly #options: PlatformOptions;
  readonly #opened = new Map<string, Promise<unknown>>();
  readonly #closers: { readonly name: string; readonly close: () => unknown }[] = [];

  constructor(plans: readonly NodePlan[], container: Container, options: PlatformOptions) {
    this.nodes = plans.map((plan) => plan.node);
    this.#plans = new Map(plans.map((plan) => [plan.provides, plan]));
    this.#container = container;
    this.#options = options;
  }

  async open<T>(token: Token<T>): Promise<T> {
    const plan = this.#plans.get(token.id);
    if (plan !== undefined) await this.#open(plan);
    else if (token.list === true && !this.#container.has(token)) this.#container.set(token, [] as T);
    return this.#container.get(token);
  }

  openNode(node: PlatformNode): Promise<unknown> {
    return this.open(node.token);
  }

  async openAll(): Promise<void> {
    for (const plan of this.#plans.values()) await this.#open(plan);
  }

  get<T>(token: Token<T>): T {
    return this.#container.get(token);
  }

  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const { name, close } of this.#closers.splice(0).toReversed()) {
      const timeoutMs = this.#options.createTimeoutMs ?? CREATE_TIMEOUT_MS;
      const error = (): EpinioError =>
        new EpinioError('PLUGIN_CLOSE_TIMEOUT', `${capital(name)} did not close within ${timeoutMs} ms`, {
          fault: 'system',
        });
      await withDeadline(async () => close(), { timeoutMs, error }).catch((failure: unknown) =>
        errors.push(failure),
      );
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, 'Several parts of the platform did not close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(plan: NodePlan): Promise<unknown> {
    const opened = this.#opened.get(plan.provides);
    if (opened !== undefined) return opened;
    const opening = this.#make(plan);
    this.#opened.set(plan.provides, opening);
    return opening;
  }

  async #make(plan: NodePlan): Promise<unknown> {
    for (const { token } of plan.needs) {
      const needed = this.#plans.get(token);
      if (needed !== undefined) await this.#open(needed);
    }
    const timeoutMs = this.#options.createTimeoutMs ?? CREATE_TIMEOUT_MS;
    const started = performance.now();
    const service = await withDeadline((signal) => plan.make(this.#container, signal), {
      timeoutMs,
      signal: this.#options.signal,
      error: () => this.#timeout(plan, timeoutMs),
    }).catch((error: unknown) => {
      throw this.#options.signal?.aborted === true ? error : failure(plan, error);
    });
    this.timings.set(plan.node.name, performance.now() - started);
    this.#container.set(plan.node.token, service);
    const close = plan.close ?? disposer(service);
    if (close !== undefined) this.#closers.push({ name: plan.name, close: () => close(service) });
    return service;
  }

  #timeout(plan: NodePlan, timeoutMs: number): EpinioError {
    const waiting = this.nodes
      .filter((node) => node.after.includes(plan.node.name))
      .map((node) => `"${node.name}"`);
    const who = waiting.length === 0 ? '' : `; ${waiting.join(', ')} waited for it`;
    return new EpinioError(
      'PLUGIN_CREATE_TIMEOUT',
      `${capital(plan.name)} did not make "${plan.node.token.id}" within ${timeoutMs} ms${who}`,
      {
        fault: 'system',
        fix: 'look at what it connects to while it is created; long work belongs in its "run"',
      },
    );
  }
}

/** The plugin's own error keeps its code, status and fix; the message says whose it is. */
function failure(plan: NodePlan, error: unknown): EpinioError {
  if (isEpinioError(error) && error.code === 'PLUGIN_CREATE_TIMEOUT') return error;
  const message = `${capital(plan.name)} could not make "${plan.node.token.id}": ${messageOf(error)}`;
  if (!isEpinioError(error))
    return new EpinioError('PLUGIN_CREATE_FAILED', message, { fault: 'system', cause: error });
  const { code, fix, details, fault, status } = error;
  return new EpinioError(code, message, {
    ...(fix === undefined ? {} : { fix }),
    details,
    fault,
    status,
    cause: error,
  });
}

function disposer(service: unknown): ((service: unknown) => unknown) | undefined {
  if (typeof service !== 'object' || service === null || !(Symbol.asyncDispose in service)) return undefined;
  return () => (service as AsyncDisposable)[Symbol.asyncDispose]();
}
