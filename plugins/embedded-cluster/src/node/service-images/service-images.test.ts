import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { eventually, needProgram } from '@epinio/core/testkit';
import { needsBubblewrap } from '../testkit/needs-bubblewrap.ts';
import { mainStatus, portOf, TestNode } from '../testkit/test-node.ts';
import { findServiceImage } from './find-service-image.ts';

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'apps', name: 'db' },
  data: { password: Buffer.from('it is "secret"').toString('base64') },
};

test('PostgreSQL makes the user, the password and the database that are asked for, once', async (t) => {
  if (!needsBubblewrap(t) || needProgram(t, 'psql', 'ask PostgreSQL') === undefined) return;
  await using node = await TestNode.start({ objects: [secret] });
  const ask = (port: number, sql: string): string => {
    const env = { PATH: process.env['PATH'], PGPASSWORD: 'it is "secret"' };
    const args = ['-h', '127.0.0.1', '-p', String(port), '-U', 'app', '-d', 'shop', '-Atc', sql];
    const { stdout, stderr } = spawnSync('psql', args, { encoding: 'utf8', env });
    assert.equal(stderr, '');
    return stdout.trim();
  };
  const env = [
    { name: 'POSTGRES_USER', value: 'app' },
    { name: 'POSTGRES_DB', value: 'shop' },
    { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
  ];
  await node.createPod('db', {
    volumes: [{ name: 'data', emptyDir: {} }],
    containers: [
      {
        ...{ name: 'main', image: 'postgres:16', env, args: ['postgres', '-c', 'max_connections=7'] },
        ports: [{ containerPort: 5432 }],
        volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
        readinessProbe: {
          exec: { command: ['sh', '-c', 'exec pg_isready -U app -d shop'] },
          periodSeconds: 1,
        },
      },
    ],
  });
  const pod = await node.until(
    'db',
    ({ status }) => status?.containerStatuses?.[0]?.ready === true,
    'ready',
    60_000,
  );
  const port = portOf(pod);
  assert.equal(ask(port, 'show max_connections'), '7');
  ask(port, "create table t (x text); insert into t values ('kept')");
  const [pulled] = await node.events('Pulled');
  assert.match(
    pulled?.message ?? '',
    /^Container image "postgres:16" is served by postgres [\d.]+ of this machine$/,
  );
  // Killed, it comes up again on the data that is there.
  spawnSync('kill', ['-9', ask(port, 'select pg_backend_pid()')]);
  const again = await node.until(
    'db',
    (each) => (mainStatus(each)?.ready ?? false) && ask(portOf(each), 'select x from t') === 'kept',
    'ready again',
    60_000,
  );
  assert.notEqual(again.status?.phase, 'Failed');
});

test('PostgreSQL refuses to start without a password, in words', async (t) => {
  if (!needsBubblewrap(t) || needProgram(t, 'psql', 'have PostgreSQL') === undefined) return;
  await using node = await TestNode.start();
  await node.createPod('db', {
    restartPolicy: 'Never',
    containers: [{ name: 'main', image: 'docker.io/library/postgres' }],
  });
  await node.untilPhase('db', 'Failed');
  assert.match(await node.logs('db'), /superuser password is not specified/);
});

test('Redis takes the options of its container, and its clients come in by PORT', async (t) => {
  const client = needProgram(t, 'redis-cli', 'ask Redis');
  if (client === undefined) return;
  await using node = await TestNode.start();
  await node.createPod('cache', {
    containers: [
      {
        ...{ name: 'main', image: 'docker.io/redis:7-alpine', args: ['--appendonly', 'yes'] },
        ports: [{ containerPort: 6379 }],
        readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 },
      },
    ],
  });
  const port = String(portOf(await node.untilReady('cache')));
  const ask = (...words: string[]): string =>
    spawnSync(client, ['-h', '127.0.0.1', '-p', port, ...words], { encoding: 'utf8' }).stdout.trim();
  assert.equal(ask('set', 'a', '1'), 'OK');
  assert.equal(ask('get', 'a'), '1');
  await eventually(() => assert.match(ask('config', 'get', 'appendonly'), /yes$/));
});

test('a program that is missing is told with the package that has it; others are pulled', async () => {
  const missing = findServiceImage('docker.io/valkey/valkey:8', '/nowhere');
  const found = await missing.catch((error: unknown) => error as { code?: string; fix?: string });
  if (found !== undefined && 'code' in found) {
    assert.equal(found.code, 'IMAGE_NOT_SERVED');
    assert.equal(found.fix, 'apt install valkey-server');
  }
  for (const reference of ['example.com/redis:7', 'me/redis', `redis@sha256:${'0'.repeat(64)}`])
    assert.equal(await findServiceImage(reference, ''), undefined);
});
