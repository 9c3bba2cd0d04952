import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Pod } from '@epinio/core';
import { FakeKube } from '@epinio/core/testkit';
import { projectFiles } from './projected-folder.ts';
import { projectSources, type ProjectionSource } from './projection.ts';
import { resolveSubPath } from './sub-path.ts';

const base = mkdtempSync(join(tmpdir(), 'epinio-volumes-'));
after(() => rmSync(base, { recursive: true, force: true }));

const file = (content: string, mode = 0o644) => ({ content: Buffer.from(content), mode });

test('files of an object appear, change and go together, behind stable names', () => {
  const folder = join(base, 'projected');
  assert.equal(
    projectFiles(
      folder,
      new Map([
        ['a', file('1')],
        ['sub/b', file('2', 0o700)],
      ]),
      undefined,
    ),
    true,
  );
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), '1');
  assert.equal(readFileSync(join(folder, 'sub/b'), 'utf8'), '2');
  assert.equal(statSync(join(folder, 'sub/b')).mode & 0o777, 0o700);
  assert.equal(
    projectFiles(
      folder,
      new Map([
        ['a', file('1')],
        ['sub/b', file('2', 0o700)],
      ]),
      undefined,
    ),
    false,
  );
  assert.equal(
    projectFiles(
      folder,
      new Map([
        ['a', file('one')],
        ['c', file('3')],
      ]),
      undefined,
    ),
    true,
  );
  assert.deepEqual(
    readdirSync(folder).filter((name) => !name.startsWith('..')),
    ['a', 'c'],
  );
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'one');
  assert.equal(
    readdirSync(folder).filter((name) => name.startsWith('..')).length,
    2,
    'old content is removed',
  );
});

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'apps', uid: 'u1', labels: { app: 'web', tier: 'x"y' } },
  spec: { containers: [{ name: 'main', resources: { limits: { memory: '64Mi', cpu: '1500m' } } }] },
} satisfies Pod;

async function project(sources: readonly ProjectionSource[]): Promise<Record<string, string>> {
  const kube = new FakeKube({
    namespaces: ['apps'],
    objects: [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's', namespace: 'apps' },
        data: { user: 'dQ==' },
      },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'apps' }, data: { k: 'v' } },
    ],
  });
  const resources = { cpus: 2, memoryBytes: 1024, diskBytes: 4096 };
  const tokens = {
    keyId: '',
    request: (asked: object) => Promise.resolve(`token for ${JSON.stringify(asked)}`),
  };
  const context = { kube, pod, nodeName: 'n', resources, tokens, clock: { now: () => 0 } };
  const files = await projectSources(context, 'vol', sources, () => '');
  return Object.fromEntries([...files].map(([path, { content }]) => [path, content.toString()]));
}

test('secrets, config maps and the pod itself become files', async () => {
  const files = await project([
    { secret: { name: 's' } },
    { configMap: { name: 'c', items: [{ key: 'k', path: 'deep/k.txt' }] } },
    {
      downwardAPI: {
        items: [
          { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
          {
            path: 'memory',
            resourceFieldRef: { containerName: 'main', resource: 'limits.memory', divisor: '1Mi' },
          },
          { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } },
        ],
      },
    },
    { secret: { name: 'missing', optional: true } },
  ]);
  assert.deepEqual(files, {
    user: 'u',
    'deep/k.txt': 'v',
    labels: 'app="web"\ntier="x\\"y"',
    memory: '64',
    cpu: '2',
  });
});

test('what is missing or leads outside is named', async () => {
  await assert.rejects(project([{ secret: { name: 'gone' } }]), {
    message: 'MountVolume.SetUp failed for volume "vol" : secret "gone" not found',
  });
  await assert.rejects(
    project([{ secret: { name: 's', items: [{ key: 'user', path: '../x' }] } }]),
    /must not contain/,
  );
  await assert.rejects(project([{ clusterTrustBundle: {} }]), /no volume source "clusterTrustBundle"/);
});

test('a token of the account is asked for in the name of the pod', async () => {
  const files = await project([{ serviceAccountToken: { path: 'token', audience: 'vault' } }]);
  assert.deepEqual(JSON.parse((files['token'] ?? '').replace(/^token for /, '')), {
    namespace: 'apps',
    account: 'default',
    audiences: ['vault'],
    expirationSeconds: 3600,
    pod: { name: pod.metadata.name, uid: pod.metadata.uid },
  });
});

test('a subPath stays in its volume, whatever links are in it', () => {
  const volume = join(base, 'volume');
  mkdirSync(volume);
  symlinkSync('/etc', join(volume, 'out'));
  symlinkSync('inside', join(volume, 'in'));
  mkdirSync(join(volume, 'inside'));
  assert.equal(resolveSubPath(volume, 'in/made', undefined), join(volume, 'inside/made'));
  assert.equal(resolveSubPath(volume, 'a/b', undefined), join(volume, 'a/b'));
  assert.equal(existsSync(join(volume, 'a/b')), true);
  assert.throws(() => resolveSubPath(volume, 'out', undefined), /leads outside/);
  assert.throws(() => resolveSubPath(volume, 'out/ssh', undefined), /leads outside/);
  assert.throws(() => resolveSubPath(volume, '../x', undefined), /must not contain/);
});
