import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { RegistryAuths } from '../../contracts/registry.ts';
import { hasCode } from '../../kernel/errors.ts';
import { createOciClient, digestOf, mediaTypes, parseReference, type OciClient } from '../../oci/index.ts';
import { assertPulled, pushContent, pushImage, testImage } from './oci-images.ts';

/** A server of the OCI distribution-spec, empty, running for one test. */
export interface OpenOciRegistry extends AsyncDisposable {
  /** Where images of this name are, without tag: "127.0.0.1:5000/apps/sample". */
  image(name: string): string | Promise<string>;
  /** Empty when it asks for none. */
  readonly auths: RegistryAuths;
  readonly ca?: string | undefined;
}

const LARGE = 24 * 1024 * 1024;
const PIECE = 1024 * 1024;

/** Holds a registry server, and the client of core with it, to the distribution-spec, over real HTTP. */
export function testOciRegistry(name: string, open: () => Promise<OpenOciRegistry>): void {
  const using = async (run: (client: OciClient, opened: OpenOciRegistry) => Promise<void>): Promise<void> => {
    await using opened = await open();
    const client = createOciClient({ auths: opened.auths, ca: opened.ca });
    try {
      await run(client, opened);
    } finally {
      client.close();
    }
  };

  describe(`OCI distribution: ${name}`, () => {
    it('gives back an image as it was pushed, by tag and by digest', () =>
      using(async (client, opened) => {
        const image = testImage();
        const repository = await opened.image('apps/workspace-sample');
        const { digest, size } = await pushImage(client, `${repository}:v1`, image);
        assert.equal(size, JSON.stringify(image.manifest).length);
        await assertPulled(client, `${repository}:v1`, image);
        await assertPulled(client, `${repository}@${digest}`, image);
        assert.deepEqual(await tags(client, repository), ['v1']);
        await pushImage(client, `${repository}:v1`, image); // the same again changes nothing
        await assertPulled(client, `${repository}:v1`, image);
      }));

    it('takes a blob once, and over from a neighbour', () =>
      using(async (client, opened) => {
        const content = randomBytes(50_000);
        const digest = digestOf(content);
        const [one, two] = [await opened.image('apps/one'), await opened.image('apps/two')];
        assert.equal(await client.hasBlob(one, digest), false);
        assert.equal(await pushContent(client, one, digest, content), 'uploaded');
        assert.equal(await pushContent(client, one, digest, content), 'exists');
        assert.equal(await client.hasBlob(two, digest), false);
        const from = parseReference(one).repository;
        assert.notEqual(await pushContent(client, two, digest, content, from), 'exists');
        assert.equal(await client.hasBlob(two, digest), true);
      }));

    it('gives the image for a platform', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/multi');
        const images = ['amd64', 'arm64'].map((architecture) => testImage({ architecture }));
        const manifests = await Promise.all(
          images.map(async (image) => ({
            ...(await pushImage(client, `${repository}:${image.config.architecture}`, image)),
            platform: { os: 'linux', architecture: image.config.architecture },
          })),
        );
        await client.pushManifest(`${repository}:all`, {
          schemaVersion: 2,
          mediaType: mediaTypes.index,
          manifests,
        });
        for (const image of images) await assertPulled(client, `${repository}:all`, image);
        await assert.rejects(
          client.manifest(`${repository}:all`, { platform: { os: 'linux', architecture: 's390x' } }),
          (error) => hasCode(error, 'REGISTRY_PLATFORM_MISSING'),
        );
      }));

    it('moves a tag, and lists tags in their order', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/tags');
        const [first, second] = [testImage(), testImage()];
        const old = await pushImage(client, `${repository}:latest`, first);
        for (const tag of ['v2', 'B', 'v10', 'a_1', '0'])
          await pushImage(client, `${repository}:${tag}`, first);
        await pushImage(client, `${repository}:latest`, second);
        await assertPulled(client, `${repository}:latest`, second);
        await assertPulled(client, `${repository}@${old.digest}`, first);
        assert.deepEqual((await tags(client, repository)).toSorted(), [
          '0',
          'B',
          'a_1',
          'latest',
          'v10',
          'v2',
        ]);
      }));

    it('says what is not there', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/empty');
        const digest = digestOf('nothing');
        const isMissing = (error: unknown): boolean => hasCode(error, 'REGISTRY_NOT_FOUND');
        await assert.rejects(client.manifest(`${repository}:none`), isMissing);
        await assert.rejects(client.manifest(`${repository}@${digest}`), isMissing);
        await assert.rejects(drain(client.blob(repository, digest)), isMissing);
        assert.deepEqual(await tags(client, repository), []);
        await client.deleteManifest(`${repository}@${digest}`);
      }));

    it('refuses who has no credentials, or wrong ones', () =>
      using(async (client, opened) => {
        if (Object.keys(opened.auths).length === 0) return;
        const repository = await opened.image('apps/secret');
        await pushImage(client, `${repository}:v1`, testImage());
        const wrong = Object.fromEntries(
          Object.entries(opened.auths).map(([host, { username }]) => [host, { username, password: 'wrong' }]),
        );
        for (const auths of [{}, wrong]) {
          const stranger = createOciClient({ auths, ca: opened.ca });
          const isRefused = (error: unknown): boolean => {
            assert.doesNotMatch(String(error), /wrong"|Basic /);
            return hasCode(error, 'REGISTRY_UNAUTHORIZED');
          };
          try {
            await assert.rejects(stranger.manifest(`${repository}:v1`), isRefused);
            await assert.rejects(pushImage(stranger, `${repository}:v2`, testImage()), isRefused);
            await assert.rejects(stranger.deleteManifest(`${repository}:v1`), isRefused);
          } finally {
            stranger.close();
          }
        }
        assert.deepEqual(await tags(client, repository), ['v1']);
      }));

    it('keeps no blob that its digest does not fit', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/forged');
        const [promised, sent] = [randomBytes(1000), randomBytes(1000)];
        await assert.rejects(pushContent(client, repository, digestOf(promised), sent), (error) =>
          hasCode(error, 'REGISTRY_REFUSED'),
        );
        assert.equal(await client.hasBlob(repository, digestOf(promised)), false);
        assert.equal(await client.hasBlob(repository, digestOf(sent)), false);
      }));

    it('keeps no image whose blobs are missing', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/hollow');
        await assert.rejects(
          client.pushManifest(`${repository}:v1`, testImage().manifest),
          (error) => hasCode(error, 'REGISTRY_REFUSED') || hasCode(error, 'REGISTRY_NOT_FOUND'),
        );
        await assert.rejects(client.manifest(`${repository}:v1`), (error) =>
          hasCode(error, 'REGISTRY_NOT_FOUND'),
        );
      }));

    it('forgets an upload that breaks off, and takes it again', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/cut');
        const content = randomBytes(2 * PIECE);
        const digest = digestOf(content);
        const cut = { digest, size: content.length, open: () => Readable.from(breaksOff(content)) };
        await assert.rejects(client.pushBlob(repository, cut), /the disk was pulled out/);
        assert.equal(await client.hasBlob(repository, digest), false);
        assert.equal(await pushContent(client, repository, digest, content), 'uploaded');
      }));

    it('streams a large blob', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/large');
        const piece = randomBytes(PIECE);
        const hash = createHash('sha256');
        for (let at = 0; at < LARGE; at += PIECE) hash.update(piece);
        const digest = `sha256:${hash.digest('hex')}`;
        const open = (): Readable => Readable.from(Array.from({ length: LARGE / PIECE }, () => piece));
        assert.equal(await client.pushBlob(repository, { digest, size: LARGE, open }), 'uploaded');
        assert.equal(await drain(client.blob(repository, { digest, size: LARGE })), LARGE);
      }));

    it('takes many pushes at once, of the same and of other images', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/busy');
        const [shared] = [randomBytes(200_000)];
        const images = Array.from({ length: 8 }, () => testImage({ first: [shared], layers: 1 }));
        const references = images.flatMap((image, index) => [
          { reference: `${repository}:v${index}`, image },
          { reference: `${repository}-${index % 3}:v${index}`, image },
        ]);
        await Promise.all(references.map(({ reference, image }) => pushImage(client, reference, image)));
        await Promise.all(references.map(({ reference, image }) => assertPulled(client, reference, image)));
        assert.equal((await tags(client, repository)).length, 8);
      }));

    it('removes an image', () =>
      using(async (client, opened) => {
        const repository = await opened.image('apps/gone');
        const [kept, gone] = [testImage(), testImage()];
        await pushImage(client, `${repository}:kept`, kept);
        const { digest } = await pushImage(client, `${repository}:gone`, gone);
        await client.deleteManifest(`${repository}@${digest}`);
        await client.deleteManifest(`${repository}@${digest}`);
        await assert.rejects(client.manifest(`${repository}:gone`), (error) =>
          hasCode(error, 'REGISTRY_NOT_FOUND'),
        );
        assert.deepEqual(await tags(client, repository), ['kept']);
        await assertPulled(client, `${repository}:kept`, kept);
      }));
  });
}

async function tags(client: OciClient, repository: string): Promise<string[]> {
  const found: string[] = [];
  for await (const tag of client.tags(repository)) found.push(tag);
  return found;
}

async function drain(stream: Readable): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += (chunk as Buffer).length;
  return size;
}

async function* breaksOff(content: Buffer): AsyncGenerator<Buffer> {
  yield content.subarray(0, PIECE);
  throw new Error('the disk was pulled out');
}
