import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** A user without any rights, as "nobody" is on most systems. */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
const home = mkdtempSync(join(tmpdir(), 'epinio-home-'));
if (isRoot) chownSync(home, NOBODY, NOBODY);
after(() => rmSync(home, { recursive: true, force: true }));

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const PODS = ['start', 'life', 'limits', 'found-again'].map((name) => `./pods-${name}.test.ts`);
/** What differs most between machines: folders, users, finding processes again, ending them, limits. */
const TELLING =
  'a pod runs its image|found again|too much memory|hooks run|init containers|claim waits|ignores PORT|is not there';

/** Runs tests of pods once more, as on another machine. */
function runAgain(
  t: TestContext,
  options: {
    readonly files: readonly string[];
    readonly isolation: string;
    readonly asNobody: boolean;
    readonly only?: string;
  },
): void {
  const { files, isolation, asNobody, only } = options;
  const other = asNobody && isRoot;
  if (other && spawnSync('setpriv', ['--version']).status !== 0) {
    assert.notEqual(process.env['CI'], 'true', 'setpriv (util-linux) has to be installed for this test');
    t.skip('setpriv is not installed: only root was tested');
    return;
  }
  const node = [
    ...[process.execPath, ...process.execArgv.filter((each) => !each.startsWith('--test'))],
    ...(only === undefined ? [] : [`--test-name-pattern=${only}`]),
    ...['--test', '--test-concurrency=1', ...files.map(fileOf)],
  ];
  const become = other ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  const [program = '', ...args] = [...become, ...node];
  const { stdout, status } = spawnSync(program, args, {
    encoding: 'utf8',
    env: {
      ...process.env,
      HOME: other ? home : process.env['HOME'],
      EPINIO_TEST_ISOLATION: isolation,
      NODE_TEST_CONTEXT: undefined,
    },
    timeout: 240_000,
  });
  const failures = stdout.split(/^(?=# Subtest)/m).filter((part) => /^not ok/m.test(part));
  assert.equal(status, 0, failures.join('\n') || stdout.slice(-2000));
  assert.doesNotMatch(stdout, /^# pass 0$/m);
}

test('pods are kept apart for a platform that is not run by root', (t) => {
  if (!isRoot) {
    t.skip('this is what the other tests have shown');
    return;
  }
  runAgain(t, { files: ['./sandbox/sandbox.test.ts'], isolation: 'auto', asNobody: true });
});

test('pods run without bubblewrap, each as a user of its own where root runs the platform', (t) => {
  runAgain(t, { files: PODS, isolation: 'process', asNobody: false, only: TELLING });
});

test('pods run without bubblewrap and without root', (t) => {
  if (!isRoot) {
    t.skip('this is what the test before has shown');
    return;
  }
  runAgain(t, { files: PODS, isolation: 'process', asNobody: true, only: TELLING });
});
