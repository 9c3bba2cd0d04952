import { EpinioError, messageOf } from './errors.ts';
import type { Platform, PlatformNode } from './platform.ts';
import { runPlugin, type RunningPlugin, type RunOptions } from './run-plugin.ts';
import type { Token } from './token.ts';

/** How a host runs the plugins of a platform. */
export type PluginHostOptions = Omit<RunOptions, 'name' | 'startSignal'>;

/** What `startAll` may do around each node. */
export interface StartAllOptions {
  /** Awaited before a node is opened: the server waits here until the component is installed. */
  readonly before?: (node: PlatformNode) => Promise<void>;
}

/** Hosts the `run` loops of a platform's plugins: the server's side of the plugin engine. */
export interface PluginHost {
  /** Opens one token and runs its plugin's loop; the same token again is the same start. */
  start(token: Token<unknown>): Promise<void>;
  /**
   * Opens and runs all that is left, each as soon as those it needs are ready, side by side. When one
   * fails, the others are stopped, and the failure is thrown.
   */
  startAll(options?: StartAllOptions): Promise<void>;
  /** Rejects when a loop that was ready ends without being asked; the server then stops. Never resolves. */
  readonly failed: Promise<never>;
  /** Stops the loops in the reverse order of their start, each with its deadline; throws what went wrong. */
  stop(): Promise<void>;
}

/** Makes the host of a platform's plugins; nothing runs until it is told to. */
export function createPluginHost(platform: Platform, options: PluginHostOptions): PluginHost {
  return new Host(platform, options);
}

class Host implements PluginHost {
  readonly failed: Promise<never>;
  readonly #platform: Platform;
  readonly #options: PluginHostOptions;
  readonly #starting = new Map<string, Promise<void>>();
  readonly #running: RunningPlugin[] = [];
  readonly #stopping = new AbortController();
  #fail: (error: unknown) => void = () => undefined;

  constructor(platform: Platform, options: PluginHostOptions) {
    this.#platform = platform;
    this.#options = options;
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined); // each failure is logged where it happens; watching is the server's choice
  }

  async start(token: Token<unknown>): Promise<void> {
    const node = this.#platform.nodes.find((candidate) => candidate.token.id === token.id);
    if (node === undefined)
      throw new EpinioError('SERVICE_MISSING', `Nothing provides "${token.id}"`, { fault: 'system' });
    await this.#startNode(node, {});
  }

  async startAll(options: StartAllOptions = {}): Promise<void> {
    const starts = this.#platform.nodes.map((node) => this.#startNode(node, options));
    try {
      await Promise.all(starts);
    } catch (error) {
      await this.stop().catch((failure: unknown) => this.#options.log.warn(messageOf(failure)));
      await Promise.allSettled(starts);
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new EpinioError('STOPPED', 'The platform stops'));
    const errors: unknown[] = [];
    for (const running of this.#running.splice(0).toReversed()) {
      await running.stop().catch((error: unknown) => errors.push(error));
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, 'Several plugins did not stop');
  }

  #startNode(node: PlatformNode, options: StartAllOptions): Promise<void> {
    const known = this.#starting.get(node.name);
    if (known !== undefined) return known;
    const starting = this.#begin(node, options);
    starting.catch(() => undefined); // those who need the node see its failure as theirs, startAll as the first
    this.#starting.set(node.name, starting);
    return starting;
  }

  async #begin(node: PlatformNode, options: StartAllOptions): Promise<void> {
    const needed = this.#platform.nodes.filter((other) => node.after.includes(other.name));
    await Promise.all(needed.map((other) => this.#startNode(other, options)));
    await options.before?.(node);
    const service = await this.#platform.openNode(node);
    if (node.plugin === undefined) return;
    const running = await runPlugin(node.plugin, service, {
      ...this.#options,
      name: node.name,
      startSignal: this.#stopping.signal,
    });
    this.#running.push(running);
    running.done.catch(this.#fail);
    if (this.#stopping.signal.aborted) await running.stop();
  }
}
