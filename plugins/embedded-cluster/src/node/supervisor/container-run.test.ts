import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { open } from 'lmdb';
import { execLaunch } from '../sandbox/exec-launch.ts';
import { createTerminal } from '../streams/terminal.ts';
import { ContainerRun, type RunSpec } from './container-run.ts';
import { isAlive, readStat } from '../process/process-identity.ts';
import { SUPERVISE_SCRIPT } from './supervise-script.ts';

const base = mkdtempSync(join(tmpdir(), 'epinio-run-'));
const script = join(base, 'supervise.sh');
writeFileSync(script, SUPERVISE_SCRIPT);
after(() => rmSync(base, { recursive: true, force: true }));

/** A process that starts the run of its argument, says so, and stays: to be killed. */
const STARTER = `const { ContainerRun } = await import('${new URL('./container-run.ts', import.meta.url).href}');
await ContainerRun.start(JSON.parse(process.argv[1]));
process.stdout.write('started');
setInterval(() => undefined, 60_000);`;

let runs = 0;
function spec(shell: string, options: Partial<RunSpec> = {}): RunSpec {
  const folder = join(base, `run-${++runs}`);
  const env = { PATH: '/usr/bin:/bin' };
  return {
    folder,
    script,
    command: ['/bin/sh', '-c', shell],
    env,
    cwd: base,
    logFile: `${folder}.log`,
    ...options,
  };
}
const output = ({ logFile }: RunSpec): string => readFileSync(logFile, 'utf8');

/** A zombie has ended, whenever its new parent looks after it. */
function isGone(pid: number): boolean {
  return (readStat(pid)?.state ?? 'Z') === 'Z';
}

/** Waits for something that another process does, at most five seconds. */
async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('output and exit code of a command are kept', async () => {
  const s = spec('echo out; echo err >&2; exit 7');
  const run = await ContainerRun.start(s);
  const exit = await run.exited;
  assert.deepEqual({ code: exit.exitCode, known: exit.known }, { code: 7, known: true });
  assert.equal(output(s), 'out\nerr\n');
});

test('the command has none of the files that the platform has open', async (t) => {
  if (process.platform !== 'linux') {
    t.skip('SKIPPED: only Linux lists the files of a process in /proc');
    return;
  }
  const database = open({ path: join(base, 'secrets.mdb') });
  const terminal = createTerminal(undefined);
  const list = 'for file in /proc/self/fd/*; do readlink "$file"; done';
  const s = spec(list);
  try {
    assert.match(openFiles(), /secrets\.mdb.*\/dev\/ptmx/s);
    await (
      await ContainerRun.start(s)
    ).exited;
    const { output: probed } = await execLaunch(
      { command: ['/bin/sh', '-c', list], env: s.env, cwd: base },
      5000,
    );
    for (const files of [output(s), probed]) {
      assert.match(files, /\/dev\/null/);
      assert.doesNotMatch(files, /secrets\.mdb|ptmx|pts/);
    }
  } finally {
    closeSync(terminal.master);
    closeSync(terminal.slave);
    await database.close();
  }
});

/** What this process has open that one it starts would inherit, and more. */
function openFiles(): string {
  const names = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ''; // the one that lists them
    }
  });
  return names.sort().reverse().join('\n');
}

test('the command gets the given environment and nothing else', async () => {
  process.env['EPINIO_PLATFORM_SECRET'] = 'do-not-leak';
  const s = spec('env', { env: { PATH: '/usr/bin:/bin', GREETING: 'hello world' } });
  await (
    await ContainerRun.start(s)
  ).exited;
  assert.match(output(s), /^GREETING=hello world$/m);
  assert.doesNotMatch(output(s), /do-not-leak|EPINIO/);
});

test('SIGTERM reaches the command, and its own exit code is what counts', async () => {
  const s = spec('trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done');
  const run = await ContainerRun.start(s);
  await eventually(() => output(s).includes('up'), 'the command to start');
  assert.equal(run.terminate(), true);
  assert.equal((await run.exited).exitCode, 3);
  assert.match(output(s), /bye/);
  assert.equal(run.terminate(), false);
});

test('SIGINT has its default action in the command', async () => {
  const run = await ContainerRun.start(spec('echo up; sleep 60'));
  await eventually(() => run.processes().length > 0, 'the command to start');
  run.terminate('SIGINT');
  assert.equal((await run.exited).exitCode, 130);
});

test('kill ends a command that ignores SIGTERM, with all its children, and records 137', async () => {
  const s = spec('trap "" TERM; sleep 61 & sleep 62 & echo up; wait');
  const run = await ContainerRun.start(s);
  await eventually(() => output(s).includes('up'), 'the command to start');
  const processes = run.processes();
  run.terminate();
  assert.equal(run.exit, undefined);
  assert.equal((await run.kill()).exitCode, 137);
  await eventually(() => processes.every(isGone), 'the children to be gone');
});

test('what a command leaves running ends with it', async () => {
  const s = spec('sleep 63 & echo $!; exit 0');
  const run = await ContainerRun.start(s);
  assert.equal((await run.exited).exitCode, 0);
  const left = Number(output(s));
  await eventually(() => isGone(left), 'the left process to be gone');
});

test('a command that does not exist says so in the log and exits with 127', async () => {
  const s = spec('', { command: ['/no/such/program'] });
  assert.equal((await (await ContainerRun.start(s)).exited).exitCode, 127);
  assert.match(output(s), /\/no\/such\/program/);
});

test('a run outlives kill -9 of the process that started it, and is found again with the same process', async () => {
  const s = spec('echo pid $$; while [ ! -e "$0.go" ]; do sleep 0.02; done; echo done; exit 42', {});
  const started = { ...s, command: [...s.command, s.folder] };
  const parent = spawn(
    process.execPath,
    [...process.execArgv, '--input-type=module', '-e', STARTER, JSON.stringify(started)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(parent.stdout, 'data');
  await eventually(() => output(s).includes('pid '), 'the command to start');
  const died = once(parent, 'exit');
  parent.kill('SIGKILL');
  await died;

  const run = ContainerRun.adopt(s.folder, true);
  assert.ok(run !== undefined && run.exit === undefined, 'run !== undefined && run.exit === undefined');
  const pid = Number(/pid (\d+)/.exec(output(s))?.[1]);
  assert.ok(run.processes().includes(pid), 'run.processes().includes(pid)');
  assert.equal(isAlive({ pid }), true);

  writeFileSync(`${s.folder}.go`, '');
  const exit = await run.exited;
  assert.deepEqual({ code: exit.exitCode, known: exit.known }, { code: 42, known: true });
  assert.match(output(s), /done/);
  // An exit that happened while nobody looked is found as well.
  assert.equal(ContainerRun.adopt(s.folder, true)?.exit?.exitCode, 42);
});

test('a supervisor that was killed, or of another boot, leaves an exit that nobody saw', async () => {
  const s = spec('sleep 64');
  const run = await ContainerRun.start(s);
  await eventually(() => run.processes().length > 0, 'the command to start');
  const [command = 0] = run.processes();
  process.kill(run.supervisor.pid, 'SIGKILL');
  assert.equal((await run.exited).known, false);
  await eventually(() => isGone(command), 'the orphan to be gone');
  assert.deepEqual(pick(ContainerRun.adopt(s.folder, true)), { exitCode: 137, known: false });
  assert.deepEqual(pick(ContainerRun.adopt(s.folder, false)), { exitCode: 137, known: false });
});

test('a reused process id is no running container', () => {
  const folder = spec('').folder;
  writeFolder(
    folder,
    `${process.pid}\n${process.pid} (sh) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0\n`,
  );
  assert.deepEqual(pick(ContainerRun.adopt(folder, true)), { exitCode: 137, known: false });
});

function pick(run: ContainerRun | undefined): unknown {
  return run?.exit && { exitCode: run.exit.exitCode, known: run.exit.known };
}

function writeFolder(folder: string, pid: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'pid'), pid);
}
