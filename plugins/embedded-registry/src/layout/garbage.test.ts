import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createOciClient, digestOf, mediaTypes, type OciClient } from '@epinio/core/oci';
import { assertPulled, FakeClock, eventually, pushContent, pushImage, testImage } from '@epinio/core/testkit';
import { openRegistry, type OpenedRegistry } from '../fixtures/open-registry.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface Collecting extends AsyncDisposable {
  readonly opened: OpenedRegistry;
  readonly client: OciClient;
  readonly clock: FakeClock;
  /** Lets time pass, in steps, with a collection at each. */
  pass(ms: number): Promise<void>;
}

/** A registry that collects every ten minutes of a clock that a test moves. */
async function collecting(t: TestContext): Promise<Collecting> {
  const clock = new FakeClock(Date.now());
  const opened = await openRegistry({ clock, settings: { collectEveryMinutes: 10 } });
  const client = createOciClient({ auths: await opened.registry.credentials() });
  t.after(() => client.close());
  const asleep = (): Promise<void> => eventually(() => assert.equal(clock.sleepers, 1));
  await asleep();
  return {
    opened,
    client,
    clock,
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 10 * MINUTE) {
        await clock.advance(10 * MINUTE);
        await asleep();
      }
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function sharedBlobs({ folder }: OpenedRegistry): Promise<string[]> {
  const names = await readdir(join(folder, 'blobs', 'sha256')).catch(() => []);
  return names.map((hex) => `sha256:${hex}`);
}

describe('garbage collection', () => {
  it('removes blobs that no manifest came for, after a while', async (t) => {
    await using registry = await collecting(t);
    const { opened, client } = registry;
    const image = testImage();
    await pushImage(client, `${opened.host}/apps/a:1`, image);
    const content = randomBytes(1000);
    await pushContent(client, `${opened.host}/apps/a`, digestOf(content), content);
    await pushContent(client, `${opened.host}/apps/only`, digestOf(content), content);
    await registry.pass(50 * MINUTE);
    assert.equal(await client.hasBlob(`${opened.host}/apps/only`, digestOf(content)), true); // and asking makes it young again
    await registry.pass(50 * MINUTE);
    assert.ok(
      (await sharedBlobs(opened)).includes(digestOf(content)),
      'it was asked for less than an hour ago',
    );
    await registry.pass(20 * MINUTE);
    assert.deepEqual((await sharedBlobs(opened)).toSorted(), [...image.blobs.keys()].toSorted());
    assert.deepEqual(await readdir(join(opened.folder, 'repositories')), ['apps@a']);
    await assertPulled(client, `${opened.host}/apps/a:1`, image);
  });

  it('keeps a manifest without a tag for a day, longer while it is read, and what belongs to a tagged one', async (t) => {
    await using registry = await collecting(t);
    const { opened, client } = registry;
    const repository = `${opened.host}/apps/a`;
    const [old, read, child] = [testImage(), testImage(), testImage()];
    const { digest: oldDigest } = await pushImage(client, `${repository}:latest`, old);
    const { digest: readDigest } = await pushImage(client, `${repository}:read`, read);
    const childDescriptor = await pushImage(client, `${repository}:child`, child);
    await client.pushManifest(`${repository}:index`, {
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [{ ...childDescriptor, platform: { os: 'linux', architecture: 'amd64' } }],
    });
    const signature = testImage({ layers: 1 });
    for (const [digest, content] of signature.blobs) await pushContent(client, repository, digest, content);
    const referrer = { ...signature.manifest, subject: childDescriptor };
    const { digest: referrerDigest } = await client.pushManifest(
      { registry: opened.host, repository: 'apps/a', digest: digestOf(JSON.stringify(referrer)) },
      referrer,
    );
    const latest = testImage();
    await pushImage(client, `${repository}:latest`, latest);
    for (const tag of ['read', 'child']) await opened.registry.delete('apps/a', tag);

    await registry.pass(20 * HOUR);
    await client.manifest(`${repository}@${oldDigest}`, { platform: { os: 'linux', architecture: 'amd64' } });
    await registry.pass(20 * HOUR);
    await assertPulled(client, `${repository}@${oldDigest}`, old);
    await assert.rejects(client.manifest(`${repository}@${readDigest}`), /not there/);
    await registry.pass(25 * HOUR);
    await assert.rejects(client.manifest(`${repository}@${oldDigest}`), /not there/);

    await assertPulled(client, `${repository}:latest`, latest);
    await assertPulled(client, `${repository}:index`, child);
    await client.rawManifest(`${repository}@${referrerDigest}`);
    const kept = [latest, child, signature].flatMap(({ blobs }) => [...blobs.keys()]);
    assert.deepEqual((await sharedBlobs(opened)).toSorted(), kept.toSorted());
  });

  it('ends uploads that nobody goes on with', async (t) => {
    await using registry = await collecting(t);
    const { opened } = registry;
    const authorization = `Basic ${Buffer.from(`epinio:${opened.password}`).toString('base64')}`;
    const start = await fetch(`http://${opened.host}/v2/apps/a/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization },
    });
    assert.equal(start.status, 202);
    assert.equal((await readdir(join(opened.folder, 'incoming'))).length, 1);
    await registry.pass(80 * MINUTE);
    assert.deepEqual(await readdir(join(opened.folder, 'incoming')), []);
  });

  it('takes nothing from pushes that go on meanwhile', async (t) => {
    await using registry = await collecting(t);
    const { opened, client } = registry;
    const shared = randomBytes(50_000);
    const stop = new AbortController();
    const churn = (async () => {
      while (!stop.signal.aborted) await registry.pass(2 * HOUR);
    })();
    for (let round = 0; round < 12; round++) {
      const image = testImage({ first: [shared], layers: 1, layerBytes: 1000 });
      const name = `apps/${round % 3}`;
      await pushImage(client, `${opened.host}/${name}:${round}`, image);
      await assertPulled(client, `${opened.host}/${name}:${round}`, image);
      if (round % 4 === 3) await opened.registry.delete(name);
    }
    stop.abort();
    await churn;
    const errors = opened.log.entries.filter(({ level }) => level === 'error');
    assert.deepEqual(errors, []);
  });
});
