import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { SecretSync } from '../../contracts/secret-sync.ts';
import type { Secret } from '../../kube/kinds.ts';
import type { Kube } from '../../ports/kube.ts';
import { eventually } from '../eventually.ts';

/** A secret sync that runs, and the cluster that it works in. */
export interface SecretSyncContext extends AsyncDisposable {
  readonly secretSync: SecretSync;
  readonly kube: Kube;
}

const MANAGER = { fieldManager: 'epinio/kit' };

/** What every `SecretSync` has to do: copies appear, follow and go, and no stranger's Secret is touched. */
export function testSecretSync(name: string, open: () => Promise<SecretSyncContext>): void {
  describe(`secret-sync contract: ${name}`, { timeout: 60_000 }, () => {
    const id = randomBytes(4).toString('hex');
    const group = `kit-${id}`;
    const [home, target, other] = [`kit-home-${id}`, `kit-target-${id}`, `kit-other-${id}`];
    let context: SecretSyncContext;

    before(async () => {
      context = await open();
      await putNamespace(home, false);
      await putNamespace(target, true);
      await putNamespace(other, false);
    });
    after(async () => {
      for (const namespace of [home, target, other]) {
        await context.kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
      }
      await context[Symbol.asyncDispose]();
    });

    const putNamespace = (namespace: string, isTarget: boolean): Promise<unknown> => {
      const metadata = isTarget ? context.secretSync.targetMetadata(group) : { labels: {}, annotations: {} };
      return context.kube.apply(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, ...metadata } },
        MANAGER,
      );
    };
    const putSource = (secret: string, value: string): Promise<Secret> =>
      context.kube.apply<Secret>(
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: secret, namespace: home, ...context.secretSync.sourceMetadata(group) },
          type: 'Opaque',
          data: { value: Buffer.from(value).toString('base64') },
        },
        MANAGER,
      );
    const remove = (namespace: string, secret: string): Promise<boolean> =>
      context.kube.delete({ apiVersion: 'v1', kind: 'Secret', namespace, name: secret });
    const read = async (namespace: string, secret: string): Promise<string | undefined> => {
      const found = await context.kube.get<Secret>({
        apiVersion: 'v1',
        kind: 'Secret',
        namespace,
        name: secret,
      });
      return found && Buffer.from(found.data?.['value'] ?? '', 'base64').toString();
    };
    const becomes = (namespace: string, secret: string, value: string | undefined): Promise<void> =>
      eventually(async () => assert.equal(await read(namespace, secret), value));

    it('copies into the namespaces of the group, and into no other', async () => {
      await putSource('a', 'one');
      await becomes(target, 'a', 'one');
      assert.equal(await read(other, 'a'), undefined);
    });

    it('lets copies follow their source, and go with it', async () => {
      await putSource('b', 'one');
      await becomes(target, 'b', 'one');
      await putSource('b', 'two');
      await becomes(target, 'b', 'two');
      await remove(home, 'b');
      await becomes(target, 'b', undefined);
    });

    it('serves namespaces that join, and clears those that leave', async () => {
      await putSource('c', 'one');
      await putNamespace(other, true);
      await becomes(other, 'c', 'one');
      await putNamespace(other, false);
      await becomes(other, 'c', undefined);
      assert.equal(await read(target, 'c'), 'one');
    });

    it('mends copies that someone changed or removed', async () => {
      await putSource('d', 'one');
      await becomes(target, 'd', 'one');
      const ref = { apiVersion: 'v1', kind: 'Secret', namespace: target, name: 'd' };
      await context.kube.patch(ref, { type: 'merge', patch: { data: { value: 'eA==', more: 'eA==' } } });
      await becomes(target, 'd', 'one');
      await remove(target, 'd');
      await becomes(target, 'd', 'one');
    });

    it("leaves a stranger's Secret alone, and takes the place when it goes", async () => {
      const stranger = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'e', namespace: target },
      } as const;
      await context.kube.create<Secret>({ ...stranger, type: 'Opaque', data: { value: 'c3RyYW5nZXI=' } });
      await putSource('e', 'one');
      await putSource('f', 'after');
      await becomes(target, 'f', 'after');
      assert.equal(await read(target, 'e'), 'stranger');
      await remove(home, 'f');
      await becomes(target, 'f', undefined);
      assert.equal(await read(target, 'e'), 'stranger');
      await remove(target, 'e');
      await becomes(target, 'e', 'one');
    });
  });
}
