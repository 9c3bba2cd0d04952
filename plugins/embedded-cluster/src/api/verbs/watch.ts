import type { Registry } from '../../registry/registry.ts';
import type { Resource } from '../../registry/resource.ts';
import { both, type Matcher } from '../../registry/selectors.ts';
import type { Shown, Watcher } from '../../registry/watcher.ts';
import type { StoredObject } from '../../storage/stored-object.ts';
import type { Exchange } from '../exchange.ts';
import { checkWatchOptions } from '../list-options.ts';
import { metadataJson, objectJson } from '../representation.ts';
import { StatusError } from '../../status.ts';
import { tableJson } from '../table.ts';
import { selectionOf, tableOptions, versionOptions } from './read.ts';

/** A watch without a timeout of its own ends after this long, and up to as long again, so that not all end at once. */
const MIN_TIMEOUT_SECONDS = 1800;
const BOOKMARK_INTERVAL_MS = 60_000;
/** A client that takes nothing for so long, though there is something, is not there any more. */
const STALL_TIMEOUT_MS = 60_000;
/** Events are sent in pieces of about this size: many small events cost one write. */
const CHUNK = 64 * 1024;

/** Answers with a stream of changes until the client goes, the time is over, or the server closes. */
export function watchObjects(
  registry: Registry,
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
  name?: string,
): Stream {
  const options = versionOptions(exchange);
  const sendInitialEvents = checkWatchOptions(options);
  const selection = selectionOf(exchange, resource);
  const wanted = named(selection.matches, name);
  const watcher = registry.watch(resource, {
    ...(namespace === undefined ? {} : { namespace }),
    ...(wanted === undefined ? {} : { matches: wanted }),
    resourceVersion: options.resourceVersion,
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
  });
  const seconds = exchange.number('timeoutSeconds') || Math.floor(MIN_TIMEOUT_SECONDS * (1 + Math.random()));
  const stream = new Stream(exchange, resource, watcher, {
    bookmarks: exchange.flag('allowWatchBookmarks'),
    initialEnd: sendInitialEvents === true,
    timeoutMs: seconds * 1000,
  });
  stream.start();
  return stream;
}

/** A watch of one object is a watch of its collection that shows nothing else. */
function named(matches: Matcher | undefined, name: string | undefined): Matcher | undefined {
  return name === undefined ? matches : both((object) => object.metadata.name === name, matches);
}

interface StreamOptions {
  readonly bookmarks: boolean;
  /** A bookmark marks the end of the initial objects. */
  readonly initialEnd: boolean;
  readonly timeoutMs: number;
}

/** One watch on its connection. It pulls from the shared history as fast as the client reads, and no faster. */
export class Stream {
  readonly #exchange: Exchange;
  readonly #resource: Resource;
  readonly #watcher: Watcher;
  readonly #options: StreamOptions;
  readonly #show: (stored: StoredObject) => string;
  #initialEndDue: boolean;
  #blocked = false;
  #ended = false;
  #stop: () => void = () => undefined;
  #timers: NodeJS.Timeout[] = [];
  #stall: NodeJS.Timeout | undefined;

  constructor(exchange: Exchange, resource: Resource, watcher: Watcher, options: StreamOptions) {
    this.#exchange = exchange;
    this.#resource = resource;
    this.#watcher = watcher;
    this.#options = options;
    this.#show = shower(exchange, resource);
    this.#initialEndDue = options.initialEnd;
  }

  start(): void {
    const { response } = this.#exchange;
    response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
      ...this.#exchange.warningHeaders(),
    });
    response.flushHeaders();
    response.on('drain', () => {
      this.#blocked = false;
      clearTimeout(this.#stall);
      this.#pump();
    });
    response.on('close', () => this.#release());
    this.#stop = this.#watcher.onChange(() => this.#pump());
    this.#timers.push(setTimeout(() => this.end(), Math.min(this.#options.timeoutMs, 0x7fff_ffff)));
    if (this.#options.bookmarks) this.#timers.push(setInterval(() => this.#bookmark(), BOOKMARK_INTERVAL_MS));
    this.#pump();
  }

  /** Ends the answer in order: the client goes on with another watch from the last bookmark. */
  end(): void {
    if (this.#ended) return;
    this.#pump();
    if (this.#options.bookmarks) this.#bookmark();
    this.#release();
    this.#exchange.response.end();
  }

  #release(): void {
    this.#ended = true;
    this.#stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    clearTimeout(this.#stall);
  }

  /** As a real API server does with a watch that cannot keep up: the client lists again, or is gone. */
  #cut(): void {
    this.#release();
    this.#exchange.response.destroy();
  }

  #write(text: string): void {
    this.#blocked = !this.#exchange.response.write(text);
    if (this.#blocked) this.#stall = setTimeout(() => this.#cut(), STALL_TIMEOUT_MS).unref();
  }

  #pump(): void {
    if (this.#blocked && !this.#ended && this.#watcher.isLost) this.#cut();
    while (!this.#blocked && !this.#ended) {
      const chunk = this.#nextChunk();
      if (chunk === '') return;
      this.#write(chunk);
    }
  }

  #nextChunk(): string {
    let chunk = '';
    try {
      while (chunk.length < CHUNK) {
        const shown = this.#watcher.next();
        if (shown === undefined) return chunk + this.#initialEnd();
        chunk += this.#line(shown);
        if (!this.#watcher.initial) chunk += this.#initialEnd();
      }
      return chunk;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#release();
      this.#exchange.response.end(`${chunk}{"type":"ERROR","object":${JSON.stringify(error.body)}}\n`);
      return '';
    }
  }

  #line({ type, stored }: Shown): string {
    return `{"type":"${type}","object":${this.#show(stored)}}\n`;
  }

  #initialEnd(): string {
    if (!this.#initialEndDue || this.#watcher.initial) return '';
    this.#initialEndDue = false;
    return this.#bookmarkLine({ 'k8s.io/initial-events-end': 'true' });
  }

  #bookmark(): void {
    if (!this.#blocked && !this.#ended && !this.#watcher.initial) this.#write(this.#bookmarkLine());
  }

  #bookmarkLine(annotations?: Readonly<Record<string, string>>): string {
    const { kind, apiVersion } = this.#resource;
    const metadata = {
      resourceVersion: String(this.#watcher.revision),
      ...(annotations === undefined ? {} : { annotations }),
    };
    return `{"type":"BOOKMARK","object":${JSON.stringify({ kind, apiVersion, metadata })}}\n`;
  }
}

function shower(exchange: Exchange, resource: Resource): (stored: StoredObject) => string {
  const { as, version } = exchange.media;
  switch (as) {
    case 'object':
      return (stored) => objectJson(resource, stored);
    case 'metadata':
    case 'metadata list':
      return (stored) => metadataJson(stored, version);
    case 'table': {
      const options = tableOptions(exchange);
      let first = true;
      return (stored) => {
        const meta = { resourceVersion: String(stored.revision) };
        const headers = options.headers && first;
        first = false;
        return tableJson(resource, [stored], meta, { ...options, headers, version });
      };
    }
  }
}
