// `npm run demo`: the platform in a folder of its own, every example application pushed to it and asked over HTTPS.
// Plain JavaScript over the built command: it does what a person would type.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');
const home = join(root, '.epinio-demo');
const settings = join(home, 'settings.yaml');
const dataDir = join(home, 'data');
const command = join(root, 'cli', 'bin', 'epinio.js');
const here = (path) => relative(process.cwd(), path) || '.';

/** What an application needs on the machine besides Node.js. */
const NEEDS = { python: ['python3'], go: ['go'] };

function onPath(program) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

let running;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    // A terminal sends Ctrl-C to the child as well; it says what was left.
    if (signal === 'SIGTERM') running?.kill(signal);
    process.exitCode = signal === 'SIGINT' ? 130 : 143;
  });
}

const place = ['--data-dir', here(dataDir), '--settings-file', here(settings)];
const user = ['--settings-file', here(settings)];

/** Runs the command as typed; its progress goes straight to the terminal, its result is returned. */
function epinio(args, { quiet = false } = {}) {
  const shown = ['npx', 'epinio', ...args].join(' ');
  if (!quiet) process.stderr.write(`\n$ ${shown}\n`);
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [command, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running = child;
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
      if (!quiet) process.stdout.write(text);
    });
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done(out);
      else fail(new Error(`"${shown}" ended with exit code ${code}`));
    });
  });
}

/** GET over HTTPS, trusting the platform's authority alone. Names under .localhost are on this machine. */
function get(url, ca) {
  return new Promise((done, fail) => {
    request(
      url,
      {
        ca,
        timeout: 10_000,
        lookup: (_name, { all }, answer) =>
          all ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4),
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => (body += text));
        response.on('end', () => done({ status: response.statusCode, body }));
      },
    )
      .on('timeout', function () {
        this.destroy(new Error('no answer within 10 s'));
      })
      .on('error', fail)
      .end();
  });
}

async function main() {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  await epinio(['install', '--profile', 'embedded', '--yes', ...place]);

  const json = async (...args) =>
    JSON.parse(await epinio([...args, ...user, '--output', 'json'], { quiet: true }));
  const { certs } = await json('settings', 'show');
  const ca = join(home, 'ca.pem');
  writeFileSync(ca, certs);

  const apps = join(root, 'examples', 'apps');
  const urls = [];
  for (const name of readdirSync(apps).toSorted()) {
    const manifest = join(apps, name, 'epinio.yml');
    if (!existsSync(manifest)) continue;
    const lacking = (NEEDS[name] ?? []).filter((program) => !onPath(program));
    if (lacking.length > 0) {
      process.stderr.write(`\nSkipped ${name}: ${lacking.join(', ')} is not on this machine\n`);
      continue;
    }
    await epinio(['push', here(manifest), ...user]);
    const app = readFileSync(manifest, 'utf8').match(/^name:\s*(\S+)/m)?.[1] ?? name;
    const { urls: [url] = [] } = await json('app', 'show', app);
    const { status, body } = await get(url, certs);
    if (status !== 200) throw new Error(`${url} answered ${status}:\n${body.slice(0, 2000)}`);
    process.stderr.write(
      `✔ ${url} answered ${status} with ${Buffer.byteLength(body)} bytes over verified TLS\n`,
    );
    urls.push({ name: app, url });
  }

  const [first] = urls;
  const host = new URL(first.url);
  const with_ = user.join(' ');
  const lines = [
    '',
    'Online now:',
    ...urls.map(({ name, url }) => `  ${name.padEnd(16)} ${url}`),
    '',
    'Try next:',
    `  npx epinio app list ${with_}`,
    `  npx epinio app show ${first.name} ${with_}`,
    `  npx epinio app logs ${first.name} ${with_}`,
    `  npx epinio app env set ${first.name} GREETING hello ${with_}`,
    `  npx epinio app update ${first.name} --instances 2 ${with_}`,
    `  curl --cacert ${here(ca)} --resolve ${host.hostname}:${host.port}:127.0.0.1 ${first.url}`,
    '',
    'Stop the platform (start it again with "start"), or remove it with all that it holds:',
    `  npx epinio stop --data-dir ${here(dataDir)}`,
    `  npx epinio uninstall --yes ${place.join(' ')}`,
    '',
  ];
  process.stdout.write(lines.join('\n'));
}

try {
  await main();
} catch (error) {
  if (process.exitCode === undefined) {
    process.stderr.write(`\n✘ ${error.message}\n`);
    process.exitCode = 1;
  }
}
