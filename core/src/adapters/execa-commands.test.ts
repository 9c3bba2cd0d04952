import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCommands } from './execa-commands.ts';
import { hasErrno } from './errno.ts';

const NODE = process.execPath;
const commands = createCommands({ graceMs: 200 });
const options = { timeoutMs: 10_000 };

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ESRCH')) return false;
    throw error;
  }
}

test('resolves for any exit code, with both outputs', async () => {
  const code = 'process.stdout.write("out"); process.stderr.write("err"); process.exit(3)';
  assert.deepEqual(await commands.run(NODE, ['-e', code], options), {
    exitCode: 3,
    stdout: 'out',
    stderr: 'err',
  });
});

test("an argument is never a shell's to read", async () => {
  const args = ['$HOME', '; exit 1', '`id`', 'a b', '*'];
  const { stdout } = await commands.run(
    NODE,
    ['-p', 'JSON.stringify(process.argv.slice(1))', ...args],
    options,
  );
  assert.deepEqual(JSON.parse(stdout), args);
});

test('the environment is PATH, HOME and what is given, nothing else', async () => {
  const own = createCommands({ environment: { PATH: '/usr/bin:/bin', HOME: '/nowhere', SECRET: 'x' } });
  const { stdout } = await own.run(NODE, ['-p', 'JSON.stringify(process.env)'], {
    ...options,
    env: { A: 'b' },
  });
  assert.deepEqual(JSON.parse(stdout), { PATH: '/usr/bin:/bin', HOME: '/nowhere', A: 'b' });
});

test('input is all of stdin, and without it stdin is empty', async () => {
  const echo = ['-e', 'process.stdin.pipe(process.stdout)'];
  assert.equal((await commands.run(NODE, echo, { ...options, input: 'ü\n' })).stdout, 'ü\n');
  assert.equal((await commands.run(NODE, echo, options)).stdout, '');
});

test('lines come as they are written, whole characters, with a last one unfinished', async () => {
  const lines: string[] = [];
  const code = `
    const bytes = Buffer.from('one\\r\\nzwölf\\n\\nlast');
    for (const byte of bytes) process.stdout.write(Buffer.from([byte]));
    console.error('other');`;
  await commands.run(NODE, ['-e', code], {
    ...options,
    onLine: (line, stream) => lines.push(`${stream} ${line}`),
  });
  assert.deepEqual(
    lines.filter((line) => line.startsWith('stdout')),
    ['stdout one', 'stdout zwölf', 'stdout ', 'stdout last'],
  );
  assert.deepEqual(
    lines.filter((line) => line.startsWith('stderr')),
    ['stderr other'],
  );
});

test('of long output the newest part is kept', async () => {
  const code = `const line = 'x'.repeat(1023) + '\\n'; process.stdout.write(line.repeat(5000) + 'end')`;
  const { stdout } = await commands.run(NODE, ['-e', code], options);
  assert.equal(stdout.length, 1024 * 1024);
  assert.ok(stdout.endsWith('x\nend'), "stdout.endsWith('x\\nend')");
});

test('a program that is not there', async () => {
  await assert.rejects(commands.run('epinio-no-such-program', [], options), {
    code: 'COMMAND_NOT_FOUND',
    message: 'The program "epinio-no-such-program" is not installed, or not on PATH',
    fix: 'Install "epinio-no-such-program"',
  });
});

test('a folder that is not there, and a file that is no program', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-commands-'));
  const file = join(folder, 'text');
  await writeFile(file, 'text');
  const nowhere = commands.run(NODE, ['-v'], { ...options, cwd: join(folder, 'none') });
  await assert.rejects(nowhere, { code: 'COMMAND_NOT_STARTED', message: /in ".*none", which is no folder/ });
  await assert.rejects(commands.run(file, [], options), { code: 'COMMAND_NOT_STARTED', message: /EACCES/ });
  await rm(folder, { recursive: true });
});

test('a timeout ends the whole process group, shows the last lines, and no value of the environment', async () => {
  const code = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    console.log(child.pid);
    console.error('password is ' + process.env.PASSWORD);
    setInterval(() => {}, 1000);`;
  let descendant = 0;
  const running = commands.run(NODE, ['-e', code], {
    timeoutMs: 700,
    env: { PASSWORD: 'hunter2' },
    onLine: (line, stream) => {
      if (stream === 'stdout') descendant = Number(line);
    },
  });
  await assert.rejects(running, {
    code: 'COMMAND_TIMEOUT',
    message: `"${NODE}" did not end within 0.7 s`,
    details: ['password is [redacted]'],
  });
  assert.ok(descendant > 0, 'descendant > 0');
  const deadline = Date.now() + 5_000;
  while (isRunning(descendant)) {
    assert.ok(Date.now() < deadline, `process ${descendant} still runs`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

test('an abort stops it; a program that ignores the request is killed in the end', async () => {
  const stop = new AbortController();
  const code = `process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)`;
  const running = commands.run(NODE, ['-e', code], {
    timeoutMs: 60_000,
    signal: stop.signal,
    onLine: () => stop.abort(new Error('enough')),
  });
  await assert.rejects(running, ({ code: errorCode, cause }: { code: string; cause: Error }) => {
    assert.deepEqual([errorCode, cause.message], ['COMMAND_ABORTED', 'enough']);
    return true;
  });
  await assert.rejects(commands.run(NODE, ['-v'], { ...options, signal: stop.signal }), {
    code: 'COMMAND_ABORTED',
  });
});

test('a program that leaves another one with its output behind is not waited for', async () => {
  const code = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { stdio: 'inherit', detached: true });
    child.unref();
    console.log(child.pid);`;
  const { exitCode, stdout } = await commands.run(NODE, ['-e', code], options);
  assert.equal(exitCode, 0);
  process.kill(Number(stdout), 'SIGKILL');
});

test('a signal is an exit code as shells have it', async () => {
  const { exitCode } = await commands.run(NODE, ['-e', 'process.kill(process.pid, "SIGKILL")'], options);
  assert.equal(exitCode, 137);
});

test('find: the first on PATH that can be run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-commands-'));
  await writeFile(join(folder, 'tool'), '#!/bin/sh\n');
  const own = createCommands({ environment: { PATH: `/none:${folder}` } });
  assert.equal(await own.find('tool'), undefined);
  await chmod(join(folder, 'tool'), 0o755);
  assert.equal(await own.find('tool'), join(folder, 'tool'));
  assert.equal(await own.find(join(folder, 'tool')), join(folder, 'tool'));
  assert.equal(await own.find('none'), undefined);
  await rm(folder, { recursive: true });
});
