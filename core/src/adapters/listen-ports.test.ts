import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { createListenPorts } from './listen-ports.ts';
import { acquireServerLock } from './server-lock.ts';

let base = '';
let folder = '';
before(async () => {
  base = await mkdtemp(join(tmpdir(), 'epinio-ports-test-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(base, 'data-'));
});
after(() => rm(base, { recursive: true }));

async function listen(port = 0): Promise<Server & { readonly port: number }> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

async function freePort(): Promise<number> {
  const server = await listen();
  await new Promise((resolve) => server.close(resolve));
  return server.port;
}

test('the first claim gets the preferred port when it is free, later ones the same from any instance', async () => {
  const preferred = await freePort();
  assert.equal(await createListenPorts(folder).claim('http', preferred), preferred);
  const taken = await listen(preferred);
  assert.equal(await createListenPorts(folder).claim('http', await freePort()), preferred);
  taken.close();
  assert.deepEqual(JSON.parse(await readFile(join(folder, 'ports.json'), 'utf8')), { http: preferred });
});

test('a preferred port that is taken gives another one, which stays', async () => {
  const stranger = await listen();
  const ports = createListenPorts(folder);
  const port = await ports.claim('http', stranger.port);
  assert.notEqual(port, stranger.port);
  const server = await listen(port);
  server.close();
  stranger.close();
  assert.equal(await ports.claim('http', stranger.port), port);
});

test('names never share a port, and platforms that start together neither', async () => {
  const preferred = await freePort();
  const names = ['a', 'b', 'c', 'd'];
  const other = await mkdtemp(join(base, 'data-'));
  const claims = [folder, other].flatMap((data) => {
    const ports = createListenPorts(data);
    return names.map((name) => ports.claim(name, preferred));
  });
  const claimed = await Promise.all(claims);
  assert.equal(new Set(claimed).size, claimed.length);
  assert.ok(claimed.includes(preferred), 'claimed.includes(preferred)');
});

test('a platform keeps its port while it does not run, until it is removed', async () => {
  const preferred = await freePort();
  // Each claims in a process of its own, which ends: nothing but what is written down is left of it.
  const claim = (data: string): number => {
    const code = `const { createListenPorts } = await import('${new URL('./listen-ports.ts', import.meta.url).href}');
console.log(await createListenPorts(process.argv[1]).claim('http', ${preferred}));`;
    const args = ['--import', 'tsx', '--conditions=epinio-src', '--input-type=module', '-e', code, data];
    return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  };
  assert.equal(claim(folder), preferred);
  const [second, third] = [await mkdtemp(join(base, 'data-')), await mkdtemp(join(base, 'data-'))];
  assert.notEqual(claim(second), preferred);
  assert.equal(claim(folder), preferred);
  await rm(folder, { recursive: true });
  assert.equal(claim(third), preferred);
});

test('many processes at once agree', async () => {
  const module = new URL('./listen-ports.ts', import.meta.url).href;
  const code = `
    const { createListenPorts } = await import(${JSON.stringify(module)});
    const ports = createListenPorts(${JSON.stringify(folder)});
    console.log(JSON.stringify(await Promise.all(['a', 'b'].map((name) => ports.claim(name, 0)))));`;
  const args = [
    ...process.execArgv.filter((arg) => !arg.startsWith('--test')),
    '--input-type=module',
    '-e',
    code,
  ];
  const outputs = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const [data] = (await once(child.stdout, 'data')) as [Buffer];
      return data.toString();
    }),
  );
  assert.equal(new Set(outputs).size, 1, outputs.join());
  for (const port of JSON.parse(outputs[0] ?? '') as number[]) assert.ok(port > 1024, 'port > 1024');
});

test('exact: changes what is remembered, and names a stranger', async () => {
  const ports = createListenPorts(folder);
  await ports.claim('https', await freePort());
  const wanted = await freePort();
  assert.equal(await ports.claim('https', wanted, { exact: true }), wanted);
  assert.equal(await ports.claim('https', 1), wanted);
  const stranger = spawn(
    process.execPath,
    [
      '-e',
      `require('node:net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const [data] = (await once(stranger.stdout, 'data')) as [Buffer];
    const port = Number(data.toString());
    const known = process.platform === 'linux' ? `"node" \\(process ${stranger.pid}\\)` : 'another program';
    await assert.rejects(ports.claim('https', port, { exact: true }), {
      code: 'PORT_IN_USE',
      message: new RegExp(`Port ${port}, wanted for "https", is used by ${known}`),
      fix: /set another port in the config file/,
    });
    assert.equal(await ports.claim('https', 1), wanted);
  } finally {
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  }
});

test(
  "exact: the platform's own server is no stranger, another claim of it is",
  { skip: process.platform === 'linux' ? false : 'needs /proc' },
  async () => {
    const ports = createListenPorts(folder);
    const lock = await acquireServerLock(folder);
    const wanted = await freePort();
    await ports.claim('https', wanted, { exact: true });
    const server = await listen(wanted);
    assert.equal(await createListenPorts(folder).claim('https', wanted, { exact: true }), wanted);
    await assert.rejects(ports.claim('http', wanted, { exact: true }), {
      code: 'PORT_IN_USE',
      message: /the platform's own port for "https"/,
    });
    server.close();
    await lock.release();
  },
);

test('a file of claims that cannot be read says so', async () => {
  await writeFile(join(folder, 'ports.json'), '{');
  const ports = createListenPorts(folder);
  await assert.rejects(ports.claim('http', 0), { code: 'PORTS_INVALID', fix: /Remove it/ });
});
