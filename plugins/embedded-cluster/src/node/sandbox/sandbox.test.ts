import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { eventually } from '@epinio/core/testkit';
import { needsBubblewrap } from '../testkit/needs-bubblewrap.ts';
import { TestNode } from '../testkit/test-node.ts';

const secret = (name: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'apps' },
  data: { key: Buffer.from(value).toString('base64') },
});

const homeFile = mkdtempSync(join(homedir(), '.epinio-test-'));
writeFileSync(join(homeFile, 'private'), 'home-secret');
after(() => rmSync(homeFile, { recursive: true, force: true }));

/** Looks for what it must not see, wherever it could be, and says what it found. */
const SPY = `
const fs = require('fs'), found = [], errors = {};
const needles = (process.env.NEEDLES || '').split(',');
const skip = new Set(['/proc', '/sys', '/dev', '/usr', '/lib', '/lib64', '/bin', '/sbin', '/nix']);
let files = 0;
function look(path) {
  if (skip.has(path) || files > 200000) return;
  let entries;
  try { entries = fs.readdirSync(path, { withFileTypes: true }); } catch { return; }
  for (const entry of entries) {
    const at = (path === '/' ? '' : path) + '/' + entry.name;
    if (entry.isDirectory()) look(at);
    else if (entry.isFile()) {
      files += 1;
      try {
        const text = fs.readFileSync(at, 'utf8');
        for (const needle of needles) if (text.includes(needle)) found.push(needle + ' in ' + at);
      } catch {}
    }
  }
}
look('/');
for (const path of (process.env.PATHS || '').split(',')) {
  try { fs.readdirSync(path); found.push('listed ' + path); } catch (error) { errors[path] = error.code; }
}
for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) {
  try {
    const environ = fs.readFileSync('/proc/' + pid + '/environ', 'utf8');
    if (!environ.includes('NEEDLES') && /PLATFORM|EPINIO/.test(environ)) found.push('environment of ' + pid);
  } catch {}
}
let canWrite = [];
for (const path of ['/', '/usr', '/etc', '/layers']) {
  try { fs.writeFileSync(path + '/written', 'x'); canWrite.push(path); } catch {}
}
let escaped = false;
try { process.kill(Number(process.env.PLATFORM_PID), 0); escaped = true; } catch {}
fs.writeFileSync('/workspace/own', 'mine');
fs.writeFileSync('/tmp/own', 'mine');
console.log(JSON.stringify({
  found, errors, canWrite, escaped,
  own: fs.readFileSync('/secrets/key', 'utf8'),
  pids: fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).length,
  uid: process.getuid(), hostname: require('os').hostname(), home: process.env.HOME,
  environment: Object.keys(process.env).sort(),
}));
`;

test('an app that tries to cannot read the platform, other pods or the home of the user', async (t) => {
  if (!needsBubblewrap(t)) return;
  process.env['EPINIO_PLATFORM_PASSWORD'] = 'environment-secret';
  await using node = await TestNode.start({
    config: { isolation: 'bubblewrap' },
    objects: [secret('mine', 'my-own'), secret('theirs', 'their-secret')],
  });
  // What the platform keeps beside the node's files.
  mkdirSync(join(node.folder, 'store'));
  writeFileSync(join(node.folder, 'store', 'data.mdb'), 'platform-secret');
  const image = await node.registry.add(
    'spy',
    [
      { at: 'workspace/run.js', content: SPY },
      { at: 'layers/x', content: 'layer' },
    ],
    { WorkingDir: '/workspace', Entrypoint: ['node', 'run.js'] },
  );
  const victim = await node.shellImage(
    'victim',
    'echo their-secret >/tmp/mine; cat /secrets/key; sleep 1000',
  );
  const pod = (name: string, secretName: string, env: { name: string; value: string }[], from: string) =>
    node.createPod(name, {
      restartPolicy: 'Never',
      volumes: [{ name: 's', secret: { secretName } }],
      containers: [{ name: 'main', image: from, env, volumeMounts: [{ name: 's', mountPath: '/secrets' }] }],
    });
  await pod('victim', 'theirs', [], victim);
  await node.untilPhase('victim', 'Running');

  const needles = ['their-secret', 'platform-secret', 'home-secret', 'environment-secret'];
  const folders = [node.folder, join(node.folder, 'node/pods'), homedir(), dirname(process.cwd())];
  const env = [
    { name: 'NEEDLES', value: needles.map((needle) => needle).join(',') },
    { name: 'PATHS', value: folders.join(',') },
    { name: 'PLATFORM_PID', value: String(process.pid) },
  ];
  await pod('spy', 'mine', env, image);
  await node.untilPhase('spy', 'Succeeded');
  const report = JSON.parse(await node.logs('spy')) as Record<string, unknown>;

  assert.deepEqual(report['found'], []);
  assert.deepEqual(new Set(Object.values(report['errors'] as object)), new Set(['ENOENT']));
  assert.deepEqual(report['canWrite'], []);
  assert.equal(report['escaped'], false);
  assert.equal(report['own'], 'my-own');
  assert.ok((report['pids'] as number) <= 3, 'it sees its own processes only');
  assert.equal(report['hostname'], 'spy');
  assert.deepEqual(
    (report['environment'] as string[]).filter((name) => !env.some((each) => each.name === name)),
    ['HOME', 'HOSTNAME', 'PATH', 'PWD'],
  );
  if (process.getuid?.() === 0) assert.ok((report['uid'] as number) >= 50_000, 'it has a user of its own');
});

test('two pods have different users, own files in /tmp, and keep nothing from each other', async (t) => {
  if (!needsBubblewrap(t)) return;
  await using node = await TestNode.start({ config: { isolation: 'bubblewrap' } });
  const image = await node.shellImage(
    'twin',
    'ls -A /tmp; echo $(id -u) $(id -un); touch /tmp/$HOSTNAME; sleep 1000',
  );
  for (const name of ['one', 'two']) {
    await node.createPod(name, { containers: [{ name: 'main', image }] });
    await node.untilReady(name);
    await eventually(async () => assert.match(await node.logs(name), /\n/));
  }
  const [one, two] = [await node.logs('one'), await node.logs('two')];
  assert.match(one, /^\d+ app\n$/);
  assert.match(two, /^\d+ app\n$/);
  if (process.getuid?.() === 0) assert.notEqual(one, two);
});

test('a variable of the app does not act on the programs that build its sandbox', async (t) => {
  if (!needsBubblewrap(t)) return;
  await using node = await TestNode.start({ config: { isolation: 'bubblewrap' } });
  const image = await node.shellImage('preload', 'echo "$LD_PRELOAD:$PATH:$ENV:$weird"; exec sleep 1000');
  await node.createPod('preload', {
    containers: [
      {
        name: 'main',
        image,
        env: [
          { name: 'LD_PRELOAD', value: '/no/such/library.so' },
          { name: 'ENV', value: '/workspace/run.sh' },
          { name: 'PATH', value: '/bin' },
          { name: 'weird', value: `it's "so" $HOME\nand more` },
        ],
        readinessProbe: {
          periodSeconds: 1,
          exec: {
            command: ['/bin/sh', '-c', 'test "$weird" = "$(printf "it\'s \\"so\\" \\$HOME\\nand more")"'],
          },
        },
      },
    ],
  });
  await node.untilReady('preload');
  const log = await node.logs('preload');
  // The dynamic linker of the app itself complains, and nobody else's.
  assert.ok(log.includes(`/no/such/library.so:${dirname(process.execPath)}:/bin:`), log);
  assert.ok(log.includes(`:/workspace/run.sh:it's "so" $HOME\nand more`), log);
  assert.deepEqual(
    node.log.entries.filter(({ level }) => level === 'error'),
    [],
  );
});

test('a probe runs in the container itself: its processes, its memory file systems', async (t) => {
  if (!needsBubblewrap(t)) return;
  await using node = await TestNode.start({ config: { isolation: 'bubblewrap' } });
  const image = await node.shellImage('probed', 'id -u >/run/uid; echo $$ >/run/pid; exec sleep 1000');
  const check = 'test "$(cat /proc/$(cat /run/pid)/comm)" = sleep && test "$(id -u)" = "$(cat /run/uid)"';
  const readinessProbe = { exec: { command: ['/bin/sh', '-c', check] }, periodSeconds: 1 };
  await node.createPod('probed', { containers: [{ name: 'main', image, readinessProbe }] });
  await node.untilReady('probed');
});

test('an image with a system of its own is the root, and may write where systems write', async (t) => {
  if (!needsBubblewrap(t)) return;
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => spawnSync(path, ['true']).status === 0);
  const shell = realpathSync(busybox ?? '/bin/sh');
  const libraries = librariesOf(shell);
  await using node = await TestNode.start({ config: { isolation: 'bubblewrap' } });
  const image = await node.registry.add(
    'system',
    [
      { at: 'bin/sh', file: shell },
      ...libraries.map((file) => ({ at: file.slice(1), file: realpathSync(file) })),
      { at: 'etc/release', content: 'own' },
      { at: 'var/lib/x', content: 'x' },
    ],
    {
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: [
        'read r </etc/release; echo $r; echo y >/var/lib/x; echo z >/etc/z; echo no >/bin/no; test -e /usr/bin/env && echo host',
      ],
    },
  );
  await node.createPod('system', { restartPolicy: 'Never', containers: [{ name: 'main', image }] });
  await node.until('system', ({ status }) => ['Succeeded', 'Failed'].includes(status?.phase ?? ''), 'over');
  const log = await node.logs('system');
  assert.match(log, /^own$/m);
  assert.match(log, /\/bin\/no/, 'its programs are read-only');
  assert.doesNotMatch(log, /^host$/m);
  assert.doesNotMatch(log, /\/var\/lib\/x|\/etc\/z/);
});

/** What the dynamic linker loads for a program, and the linker itself. */
function librariesOf(program: string): string[] {
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...stdout.matchAll(/(\/\S+)/g)].map(([path]) => path.replace(/^.*=> /, ''));
}

test('a volume below a link of the image lies where the link leads', async (t) => {
  if (!needsBubblewrap(t)) return;
  await using node = await TestNode.start({
    config: { isolation: 'bubblewrap' },
    objects: [secret('mine', 'my-own')],
  });
  const mountPath = '/var/run/secrets/mine';
  const run = { WorkingDir: '/workspace', Entrypoint: ['/bin/sh', '-c', `cat ${mountPath}/key`] };
  const images = {
    linked: [{ at: 'var/run', linkTo: '/run' }],
    plain: [{ at: 'var/lib/x', content: 'x' }],
    none: [],
  };
  for (const [name, files] of Object.entries(images)) {
    const image = await node.registry.add(name, [{ at: 'workspace/name', content: name }, ...files], run);
    await node.createPod(name, {
      restartPolicy: 'Never',
      volumes: [{ name: 's', secret: { secretName: 'mine' } }],
      containers: [{ name: 'main', image, volumeMounts: [{ name: 's', mountPath }] }],
    });
    await node.until(name, ({ status }) => ['Succeeded', 'Failed'].includes(status?.phase ?? ''), 'over');
    assert.equal(await node.logs(name), 'my-own', name);
  }
});

test('nothing of a pod is left behind', async (t) => {
  if (!needsBubblewrap(t)) return;
  await using node = await TestNode.start({ config: { isolation: 'bubblewrap' } });
  const image = await node.shellImage('leaver', '(setsid sleep 987654 &); sleep 1000');
  await node.createPod('leaver', { containers: [{ name: 'main', image }] });
  await node.untilReady('leaver');
  await eventually(() => assert.equal(count('sleep 987654'), 1));
  await node.deletePod('leaver', 1);
  await node.untilGone('leaver');
  await eventually(() => assert.equal(count('sleep 987654'), 0));
  await eventually(() => assert.deepEqual(readdirSync(join(node.folder, 'node/pods')), []));
});

/** Processes of this machine that were started with this command line. */
function count(command: string): number {
  const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.trim() === command).length;
}
