import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { hash } from 'bcryptjs';
import { testOciRegistry, type OpenOciRegistry } from '../testkit/contracts/oci-registry.ts';
import { findProgram, needProgram } from '../testkit/need-program.ts';

const PROGRAM = 'docker-registry';
const START_MS = 10_000;

// The client, and the kit, against the reference implementation: what passes there is what registries do.
if (findProgram(PROGRAM) !== undefined) testOciRegistry('Distribution', openDistribution);
else
  describe('OCI distribution: Distribution', () =>
    it('runs', (t) => void needProgram(t, PROGRAM, 'check the client with it')));

async function openDistribution(): Promise<OpenOciRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'epinio-distribution-'));
  const host = `127.0.0.1:${await freePort()}`;
  const login = { username: 'user', password: 'p:ss wörd' };
  const settings = {
    version: 0.1,
    log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
    http: { addr: host },
    auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } },
  };
  await writeFile(join(folder, 'htpasswd'), `${login.username}:${await hash(login.password, 4)}\n`);
  await writeFile(join(folder, 'config.yml'), JSON.stringify(settings)); // JSON is YAML

  const child = spawn(PROGRAM, ['serve', join(folder, 'config.yml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  const dispose = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed;
    await rm(folder, { recursive: true, force: true });
  };
  const lines: string[] = [];
  const deadline = setTimeout(() => child.kill('SIGKILL'), START_MS);
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    if (line.includes('listening on')) break;
  }
  clearTimeout(deadline);
  child.stderr.resume();
  if (!(lines.at(-1) ?? '').includes('listening on')) {
    await dispose();
    throw new Error(`${PROGRAM} did not start: ${lines.join('\n')}`);
  }
  return { image: (name) => `${host}/${name}`, auths: { [host]: login }, [Symbol.asyncDispose]: dispose };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
