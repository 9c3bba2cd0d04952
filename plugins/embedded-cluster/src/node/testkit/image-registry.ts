import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, mediaTypes, writeLayer, type LayerSource, type OciImageConfig } from '@epinio/core/oci';

/** The pulling half of a registry, over HTTP on this machine. */
export class ImageRegistry implements AsyncDisposable {
  readonly #server: Server;
  readonly #blobs = new Map<string, Buffer>();
  readonly #manifests = new Map<string, string>();
  /** User and password that it asks for; none while undefined. */
  credentials: { readonly username: string; readonly password: string } | undefined;
  /** What happens between the question for a blob and its answer. */
  beforeBlob: () => Promise<void> = async () => undefined;
  /** Paths that were asked for. */
  readonly requests: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ImageRegistry> {
    const server = createServer();
    const registry = new ImageRegistry(server);
    server.on('request', (request, response) => {
      const path = request.url ?? '';
      registry.requests.push(path);
      const { credentials } = registry;
      const wanted = credentials && `Basic ${btoa(`${credentials.username}:${credentials.password}`)}`;
      if (wanted !== undefined && request.headers.authorization !== wanted) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
        return;
      }
      const [, kind, name = ''] = /\/(manifests|blobs)\/(.+)$/.exec(path) ?? [];
      const repository = path.slice('/v2/'.length).split(/\/(?:manifests|blobs)\//)[0] ?? '';
      const digest = kind === 'manifests' ? (registry.#manifests.get(`${repository}:${name}`) ?? name) : name;
      const blob = registry.#blobs.get(digest);
      if (blob === undefined) {
        response.writeHead(404).end();
        return;
      }
      const type = kind === 'manifests' ? mediaTypes.manifest : 'application/octet-stream';
      const answer = (): unknown =>
        response.writeHead(200, { 'content-type': type, 'docker-content-digest': digest }).end(blob);
      if (kind === 'manifests') answer();
      else registry.beforeBlob().then(answer, () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Adds an image of one layer. @returns its reference. */
  async add(
    name: string,
    sources: readonly LayerSource[],
    config: OciImageConfig['config'] = {},
  ): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'epinio-image-'));
    try {
      const layer = await writeLayer({ sources, file: join(folder, 'layer'), compression: 'gzip' });
      this.#blobs.set(layer.descriptor.digest, await readFile(layer.file));
      const image: OciImageConfig = {
        ...{ architecture: 'amd64', os: 'linux', config },
        rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      };
      const described = this.#addJson(image, mediaTypes.config);
      const manifest = this.#addJson(
        { schemaVersion: 2, mediaType: mediaTypes.manifest, config: described, layers: [layer.descriptor] },
        mediaTypes.manifest,
      );
      this.#manifests.set(`${name}:v1`, manifest.digest);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return `${this.host}/${name}:v1`;
  }

  /** Changes what layers hold, so that their digests do not fit any more. */
  damageLayers(): void {
    for (const [digest, blob] of this.#blobs) {
      if (blob[0] === 0x1f) this.#blobs.set(digest, Buffer.concat([blob.subarray(0, -8), Buffer.alloc(8)]));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #addJson(value: object, mediaType: string): { mediaType: string; digest: string; size: number } {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }
}
