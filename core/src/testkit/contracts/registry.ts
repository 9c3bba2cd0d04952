import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Registry } from '../../contracts/registry.ts';
import { hasCode } from '../../kernel/errors.ts';
import { createOciClient, parseReference, type OciClient } from '../../oci/index.ts';
import { assertPulled, pushImage, testImage } from './oci-images.ts';
import { testOciRegistry } from './oci-registry.ts';

/** A registry that is open for one test, empty, with its server running. */
export interface OpenRegistry extends AsyncDisposable {
  readonly registry: Registry;
}

/** Holds an implementation of the `registry` contract to it, and its server to the OCI distribution-spec. */
export function testRegistry(name: string, open: () => Promise<OpenRegistry>): void {
  const using = async (run: (registry: Registry, client: OciClient) => Promise<void>): Promise<void> => {
    await using opened = await open();
    const { registry } = opened;
    const client = createOciClient({ auths: await registry.credentials(), ca: await registry.trustedCa() });
    try {
      await run(registry, client);
    } finally {
      client.close();
    }
  };
  const isMissing = (error: unknown): boolean => hasCode(error, 'REGISTRY_NOT_FOUND');

  describe(`registry contract: ${name}`, () => {
    it('names repositories, always the same, and each another', () =>
      using(async (registry) => {
        const first = await registry.repository('apps/workspace-sample');
        assert.deepEqual(await registry.repository('apps/workspace-sample'), first);
        const second = await registry.repository('apps/workspace-sample2');
        assert.notEqual(second.push, first.push);
        assert.notEqual(second.pull, first.pull);
        for (const image of [first.push, first.pull]) {
          const { registry: host, repository } = parseReference(image);
          assert.equal(
            `${host}/${repository}`,
            image,
            'it has neither tag nor digest, and its host is written out',
          );
        }
      }));

    it('refuses names that no image can have', () =>
      using(async (registry) => {
        for (const wrong of ['', 'Upper', '../up', 'a//b', '/a', 'a/', 'a b', 'a:b', '-a', 'ä']) {
          await assert.rejects(async () => registry.repository(wrong), JSON.stringify(wrong));
          await assert.rejects(async () => registry.delete(wrong), JSON.stringify(wrong));
        }
      }));

    it('has credentials for every host that it names, or for none', () =>
      using(async (registry) => {
        const auths = await registry.credentials();
        if (Object.keys(auths).length === 0) return;
        const { push, pull } = await registry.repository('apps/a');
        for (const image of [push, pull]) {
          const login = auths[parseReference(image).registry];
          assert.ok(login, `there are credentials for ${image}`);
          assert.ok(login.username.length > 0 && login.password.length > 0, 'they are empty');
        }
        assert.deepEqual(await registry.credentials(), auths);
      }));

    it('lets what was pushed be pulled', () =>
      using(async (registry, client) => {
        const { push, pull } = await registry.repository('apps/workspace-sample');
        const image = testImage();
        await pushImage(client, `${push}:1`, image);
        await assertPulled(client, `${pull}:1`, image);
      }));

    it('deletes a tag, and only that', () =>
      using(async (registry, client) => {
        const { push, pull } = await registry.repository('apps/a');
        const [one, two] = [testImage(), testImage()];
        await pushImage(client, `${push}:1`, one);
        await pushImage(client, `${push}:2`, two);
        await registry.delete('apps/a', '1');
        await registry.delete('apps/a', '1');
        await registry.delete('apps/never', '1');
        await assert.rejects(client.manifest(`${pull}:1`), isMissing);
        await assertPulled(client, `${pull}:2`, two);
        await pushImage(client, `${push}:1`, one);
        await assertPulled(client, `${pull}:1`, one);
      }));

    it('deletes a repository, and nothing of its neighbours', () =>
      using(async (registry, client) => {
        const shared = randomBytes(100_000);
        const names = ['apps/a', 'apps/a-b', 'apps/a/b', 'apps'];
        const images = new Map(names.map((repository) => [repository, testImage({ first: [shared] })]));
        for (const [repository, image] of images) {
          const { push } = await registry.repository(repository);
          await pushImage(client, `${push}:1`, image);
          await pushImage(client, `${push}:2`, image);
        }
        await registry.delete('apps/a');
        await registry.delete('apps/a');
        for (const [repository, image] of images) {
          const { pull } = await registry.repository(repository);
          if (repository === 'apps/a') await assert.rejects(client.manifest(`${pull}:1`), isMissing);
          else await assertPulled(client, `${pull}:2`, image);
        }
        const { push, pull } = await registry.repository('apps/a');
        const again = images.get('apps/a') ?? testImage();
        await pushImage(client, `${push}:1`, again);
        await assertPulled(client, `${pull}:1`, again);
        await assert.rejects(client.manifest(`${pull}:2`), isMissing);
      }));
  });

  testOciRegistry(name, async () => {
    const opened = await open();
    const { registry } = opened;
    return {
      image: async (image) => (await registry.repository(image)).push,
      auths: await registry.credentials(),
      ca: await registry.trustedCa(),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}
