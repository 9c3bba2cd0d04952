import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlobInfo, Clock, DataDirectory, ListenPorts, PutOptions, RunHost, Storage } from '@epinio/core';
import type { Config } from './config.ts';
import { Contents } from './contents.ts';
import { Keys } from './keys.ts';

export interface SharedStorageNeeds {
  readonly clock: Clock;
  readonly dataDirectory: DataDirectory;
  readonly listenPorts: ListenPorts;
}

/** Blobs in a folder, equal contents kept once. `run` serves them to builds by signed URLs. */
export class SharedStorage implements Storage {
  readonly #needs: SharedStorageNeeds;
  readonly #config: Config;
  readonly #folder: string;
  readonly #contents: Contents;
  readonly #keys: Keys;
  /** Changes to what keys stand for go one after the other, so that no content goes while a key comes. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(needs: SharedStorageNeeds, config: Config) {
    this.#needs = needs;
    this.#config = config;
    this.#folder = config.folder ?? needs.dataDirectory.path('shared-storage');
    this.#contents = new Contents(join(this.#folder, 'contents'));
    this.#keys = new Keys(join(this.#folder, 'keys'));
  }

  async put(
    key: string,
    content: Readable,
    { contentType, metadata = {}, signal }: PutOptions,
  ): Promise<BlobInfo> {
    const before = await this.#keys.get(key); // an invalid key is refused before anything is read
    const received = await this.#contents.receive(content, signal);
    const { sha256, size } = received;
    const lowerCase = Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]);
    const info: BlobInfo = {
      key,
      size,
      sha256,
      contentType,
      metadata: Object.fromEntries(lowerCase) as Record<string, string>,
    };
    await this.#change(async () => {
      await this.#contents.keep(received);
      await this.#keys.set(info);
      if (before !== undefined && before.sha256 !== sha256) await this.#removeUnused(before.sha256);
    });
    return info;
  }

  async get(key: string): Promise<{ info: BlobInfo; content: Readable } | undefined> {
    const info = await this.#keys.get(key);
    return info && { info, content: this.#contents.read(info.sha256) };
  }

  info(key: string): Promise<BlobInfo | undefined> {
    return this.#keys.get(key);
  }

  delete(key: string): Promise<void> {
    return this.#change(async () => {
      const info = await this.#keys.get(key);
      await this.#keys.delete(key);
      if (info !== undefined) await this.#removeUnused(info.sha256);
    });
  }

  async *list(prefix = ''): AsyncGenerator<BlobInfo> {
    for await (const info of this.#keys.list()) if (info.key.startsWith(prefix)) yield info;
  }

  async readUrl(key: string, { expiresSeconds }: { readonly expiresSeconds: number }): Promise<string> {
    this.#keys.check(key);
    const expires = Math.ceil(this.#needs.clock.now() / 1000 + expiresSeconds);
    return `http://127.0.0.1:${await this.#port()}/${key}?expires=${expires}&signature=${await this.#sign(key, expires)}`;
  }

  async run(host: RunHost): Promise<void> {
    await this.#contents.removeLeftovers();
    const server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy()); // the reader sees that it was cut
    });
    server.listen(await this.#port(), '127.0.0.1');
    await once(server, 'listening');
    host.ready();
    if (!host.signal.aborted) await once(host.signal, 'abort');
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const key = url.pathname.slice(1);
    const expires = Number(url.searchParams.get('expires'));
    const given = Buffer.from(url.searchParams.get('signature') ?? '');
    const wanted = Buffer.from(await this.#sign(key, expires));
    const isSigned = given.length === wanted.length && timingSafeEqual(given, wanted);
    if (!isSigned || expires <= this.#needs.clock.now() / 1000) {
      response.writeHead(403).end('The URL is not valid, or not any more\n');
      return;
    }
    const blob = await this.get(key);
    if (blob === undefined) {
      response.writeHead(404).end('There is no such blob\n');
      return;
    }
    response.writeHead(200, { 'content-type': blob.info.contentType, 'content-length': blob.info.size });
    await pipeline(blob.content, response);
  }

  async #removeUnused(sha256: string): Promise<void> {
    for await (const info of this.#keys.list()) if (info.sha256 === sha256) return;
    await this.#contents.remove(sha256);
  }

  #change(work: () => Promise<void>): Promise<void> {
    const next = this.#changes.then(work);
    this.#changes = next.catch(() => undefined); // a failure is its caller's; the next change goes on
    return next;
  }

  async #port(): Promise<number> {
    const { port } = this.#config;
    return this.#needs.listenPorts.claim('storage', port ?? 9000, { exact: port !== undefined });
  }

  async #sign(key: string, expires: number): Promise<string> {
    return createHmac('sha256', await this.#secret())
      .update(`${key}\n${expires}`)
      .digest('hex');
  }

  /** The same in every process of the platform: made by the first. */
  async #secret(): Promise<Buffer> {
    const path = join(this.#folder, 'url-key');
    await writeFile(path, randomBytes(32), { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    return readFile(path);
  }
}
