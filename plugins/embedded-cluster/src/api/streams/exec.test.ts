import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { Exec, type V1Status } from '@kubernetes/client-node';
import { eventually, needProgram } from '@epinio/core/testkit';
import { ServedCluster } from '../../testkit/served-cluster.ts';

let cluster: ServedCluster;

before(async () => {
  cluster = await ServedCluster.start();
  await cluster.runPod('app', 'exec sleep 1000', {
    env: [{ name: 'GREETING', value: `it's "so"` }],
  });
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Runs a shell command in the pod with a client that speaks v5, or an older protocol. */
async function run(script: string, input?: string) {
  const outputs = { stdout: '', stderr: '' };
  const collect = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        outputs[name] += chunk.toString();
        done();
      },
    });
  const stdin = input === undefined ? null : new PassThrough();
  const status = await new Promise<V1Status>((resolve, reject) => {
    new Exec(cluster.kubeConfig)
      .exec(
        ...(['default', 'app', 'main', ['/bin/sh', '-c', script] as string[]] as const),
        ...([collect('stdout'), collect('stderr'), stdin, false, resolve] as const),
      )
      .then(() => stdin?.end(input), reject);
  });
  return { ...outputs, status };
}

describe('exec with @kubernetes/client-node', () => {
  it('runs a command in the container, and tells how it ended', async () => {
    const { stdout, stderr, status } = await run('pwd; printf %s "$GREETING" >&2; exit 3');
    assert.match(stdout, /workspace\n$/);
    assert.equal(stderr, `it's "so"`);
    assert.equal(status.status, 'Failure');
    assert.equal(status.reason, 'NonZeroExitCode');
    assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '3' }]);
    assert.equal((await run('true')).status.status, 'Success');
  });

  it('lets programs open their output by name', async () => {
    const { stdout, stderr, status } = await run('echo out >/dev/stdout; echo err >/dev/stderr');
    assert.deepEqual([stdout, stderr, status.status], ['out\n', 'err\n', 'Success']);
  });
});

describe('exec with kubectl', () => {
  const has = (t: TestContext): boolean =>
    needProgram(t, 'kubectl', 'see what real clients make of exec') !== undefined;

  it('has exit codes, both outputs, and input to its end', async (t) => {
    if (!has(t)) return;
    const ran = await cluster.kubectl(['exec', 'app', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
    assert.deepEqual([ran.code, ran.stdout], [7, 'out\n']);
    assert.match(ran.stderr, /^err\ncommand terminated with exit code 7\n$/);
    const piped = await cluster.kubectl(['exec', '-i', 'app', '--', 'sh', '-c', 'cat; echo end'], 'in');
    assert.deepEqual([piped.code, piped.stdout, piped.stderr], [0, 'inend\n', '']);
    const unread = await cluster.kubectl(['exec', '-i', 'app', '--', 'true'], randomBytes(4_000_000));
    assert.equal(unread.code, 0, unread.stderr);
  });

  it('says what is not there as a real cluster does', async (t) => {
    if (!has(t)) return;
    for (const [args, message] of [
      [['exec', 'nope', '--', 'true'], 'Error from server (NotFound): pods "nope" not found\n'],
      [
        ['exec', 'app', '-c', 'x', '--', 'true'],
        'Error from server (BadRequest): container x is not valid for pod app\n',
      ],
    ] as const) {
      const ran = await cluster.kubectl(args);
      assert.deepEqual([ran.code, ran.stderr], [1, message]);
    }
    await cluster.kubectl(['run', 'waiting', '--image=127.0.0.1:1/none', '--restart=Never']);
    await cluster.untilPod('waiting', (status) => status?.containerStatuses !== undefined);
    const early = await cluster.kubectl(['exec', 'waiting', '--', 'true']);
    assert.match(early.stderr, /unable to upgrade connection: container not found \("waiting"\)/);
  });

  it('copies files both ways', async (t) => {
    if (!has(t)) return;
    const [there, back] = [join(cluster.folder, 'there'), join(cluster.folder, 'back')];
    const content = randomBytes(20_000_000);
    writeFileSync(there, content);
    const sent = await cluster.kubectl(['cp', there, 'default/app:/tmp/copy']);
    assert.deepEqual([sent.code, sent.stderr], [0, '']);
    const fetched = await cluster.kubectl(['cp', 'app:/tmp/copy', back]);
    assert.equal(fetched.code, 0, fetched.stderr);
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    assert.equal(digest(readFileSync(back)), digest(content));
    for (const file of [there, back]) rmSync(file);
  });

  it('ends the command when the client goes away', async (t) => {
    if (!has(t)) return;
    const client = spawn('kubectl', ['exec', 'app', '--', 'sh', '-c', 'echo begun; sleep 4242 & wait'], {
      env: cluster.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise<void>((resolve) => client.stdout.once('data', () => resolve()));
    assert.equal((await run('ps ax')).stdout.includes('sleep 4242'), true);
    client.kill('SIGKILL');
    await eventually(async () => assert.equal((await run('ps ax')).stdout.includes('sleep 4242'), false));
  });
});
