import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { needProgram } from '@epinio/core/testkit';
import { inTerminal, type InTerminal } from '../../testkit/in-terminal.ts';
import { ServedCluster } from '../../testkit/served-cluster.ts';

let cluster: ServedCluster;
let image: string;

before(async () => {
  cluster = await ServedCluster.start();
  image = await cluster.registry.add('shell', [{ at: 'workspace/name', content: 'shell' }], {
    Cmd: ['/bin/sh'],
  });
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

function kubectl(t: TestContext, ...args: readonly string[]): InTerminal | undefined {
  if (needProgram(t, 'kubectl', 'see what people see who use a terminal') === undefined) return undefined;
  const program = inTerminal(['kubectl', ...args], cluster.env);
  t.after(() => program.kill());
  return program;
}

describe('kubectl run -it and kubectl attach -it', () => {
  it('is a shell with job control in a pod that goes with it, and has its exit code', async (t) => {
    const run = ['run', 'mine', '-it', '--rm', '--restart=Never', `--image=${image}`];
    const shell = kubectl(t, ...run);
    if (shell === undefined) return;
    await shell.sees(/try pressing enter/);
    shell.type('\r');
    await shell.sees(/[$#] $/);
    assert.doesNotMatch(shell.shown(), /job control/);
    shell.type('sleep 1000\r');
    await shell.sees(/sleep 1000\r\n/);
    shell.type('\u0003');
    await shell.sees(/\^C[^]*[$#] $/);
    shell.type('tty; echo "$TERM $((6 * 7))"\r');
    await shell.sees(/\n\/dev\/(console|pts\/\d+)\r\nxterm 42\r/);
    shell.type('exit 9\r');
    assert.equal(await shell.exitCode, 9, shell.shown());
    assert.match(shell.shown(), /pod "mine" deleted/);
  });

  it('finds the process as it was left, in a terminal of the new size', async (t) => {
    const pod = [`--image=${image}`, '--restart=Never', '-it', '--command', '--', 'sh', '-c'];
    const loop = 'n=0; while read line; do n=$((n+1)); stty size; echo "$n: $line"; done';
    const first = kubectl(t, 'run', 'kept', ...pod, loop);
    if (first === undefined) return;
    await first.sees(/try pressing enter/);
    first.type('one\r');
    await first.sees(/24 80\r\n1: one\r/);
    first.kill();
    const second = kubectl(t, 'attach', '-it', 'kept');
    assert.ok(second !== undefined);
    await second.sees(/try pressing enter/);
    second.resize({ columns: 101, rows: 33 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    second.type('two\r');
    await second.sees(/33 101\r\n2: two\r/);
    second.type('\u0004');
    assert.equal(await second.exitCode, 0, second.shown());
  });
});

describe('input of containers', () => {
  it('ends with that of the first attachment when it is stdinOnce, and not before', async (t) => {
    if (needProgram(t, 'kubectl', 'attach as people do') === undefined) return;
    const stays = await cluster.runPod('stays', 'cat; echo over; exec sleep 1000', { stdin: true });
    assert.equal(stays.status?.phase, 'Running');
    assert.equal((await cluster.kubectl(['attach', '-i', 'stays'], 'a\n')).code, 0);
    assert.equal((await cluster.kubectl(['attach', '-i', 'stays'], 'b\n')).code, 0);
    await cluster.runPod('once', 'cat; echo over', { stdin: true, stdinOnce: true });
    const { code, stdout } = await cluster.kubectl(['attach', '-i', 'once', '--quiet'], 'a\nb\n');
    assert.deepEqual([code, stdout], [0, 'a\nb\nover\n']);
    assert.equal((await cluster.kubectl(['logs', 'stays'])).stdout, 'a\nb\n');
  });

  it('takes more than a pipe holds, at the pace of the process', async (t) => {
    if (needProgram(t, 'kubectl', 'attach as people do') === undefined) return;
    await cluster.runPod('counts', 'sleep 1; wc -c', { stdin: true, stdinOnce: true });
    const { code, stdout } = await cluster.kubectl(
      ['attach', '-i', 'counts', '--quiet'],
      'x'.repeat(4_000_000),
    );
    assert.deepEqual([code, stdout], [0, '4000000\n']);
  });
});
