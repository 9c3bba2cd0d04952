import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { needProgram } from '@epinio/core/testkit';
import { inTerminal, type InTerminal } from '../../testkit/in-terminal.ts';
import { ServedCluster } from '../../testkit/served-cluster.ts';

let cluster: ServedCluster;

before(async () => {
  cluster = await ServedCluster.start();
  await cluster.runPod('app', 'exec sleep 1000');
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

function exec(t: TestContext, ...command: readonly string[]): InTerminal | undefined {
  if (needProgram(t, 'kubectl', 'see what people see who use a terminal') === undefined) return undefined;
  const program = inTerminal(['kubectl', 'exec', '-it', 'app', '--', ...command], cluster.env);
  t.after(() => program.kill());
  return program;
}

describe('kubectl exec -it', () => {
  it('has a terminal of the right size, and the exit code', async (t) => {
    const shell = exec(t, 'sh', '-c', 'test -t 0 && test -t 1 && stty size; read line; stty size; exit 5');
    if (shell === undefined) return;
    await shell.sees(/24 80/);
    shell.resize({ columns: 101, rows: 33 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    shell.type('\r');
    await shell.sees(/33 101/);
    assert.equal(await shell.exitCode, 5);
  });

  it('passes Ctrl-C to the command, and goes on with the shell', async (t) => {
    const shell = exec(
      t,
      'sh',
      '-c',
      'trap "echo caught" INT; echo ready; sleep 1000; echo after; read x; exit 4',
    );
    if (shell === undefined) return;
    await shell.sees(/ready/);
    shell.type('\u0003');
    await shell.sees(/caught[^]*after/);
    shell.type('\r');
    assert.equal(await shell.exitCode, 4);
  });

  it('is a shell with job control to work in', async (t) => {
    const shell = exec(t, 'sh');
    if (shell === undefined) return;
    await shell.sees(/[$#] $/);
    assert.doesNotMatch(shell.shown(), /job control/);
    shell.type('sleep 1000\r');
    await shell.sees(/sleep 1000\r\n/);
    shell.type('\u0003');
    await shell.sees(/\^C[^]*[$#] $/);
    shell.type('echo $((6 * 7))\r');
    await shell.sees(/\n42\r/);
    shell.type('exit 9\r');
    assert.equal(await shell.exitCode, 9, shell.shown());
  });
});
