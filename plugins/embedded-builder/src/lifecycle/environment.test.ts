import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  applyChanges,
  baseEnvironment,
  layerChanges,
  readPlatformEnvironment,
  withPlatformEnvironment,
} from './environment.ts';
import type { Environment } from './environment.ts';
import { temporaryFolder } from './testkit/temporary-folder.ts';
import { writeFiles } from './testkit/write-files.ts';

type Files = Readonly<Record<string, string>>;

/** The value of X after the layers' changes, each layer given by its files. */
function valueAfter(
  before: Environment,
  layers: readonly Files[],
  phase: 'build' | 'launch',
  process?: string,
): string {
  using folder = temporaryFolder();
  let environment = before;
  layers.forEach((files, index) => {
    const layer = join(folder.path, String(index));
    writeFiles(layer, files);
    environment = applyChanges(environment, layerChanges(layer, phase, process));
  });
  return environment['X'] ?? '(unset)';
}

const cases: readonly (readonly [
  name: string,
  before: Environment,
  layers: readonly Files[],
  expected: string,
])[] = [
  ['a file without ending overrides', { X: 'old' }, [{ 'env/X': 'new' }], 'new'],
  ['.override overrides', { X: 'old' }, [{ 'env/X.override': 'new' }], 'new'],
  ['.default fills what is unset', {}, [{ 'env/X.default': 'new' }], 'new'],
  ['.default fills what is empty', { X: '' }, [{ 'env/X.default': 'new' }], 'new'],
  ['.default leaves what is set', { X: 'old' }, [{ 'env/X.default': 'new' }], 'old'],
  [
    'the first of two defaults counts',
    {},
    [{ 'env/X.default': 'first' }, { 'env/X.default': 'second' }],
    'first',
  ],
  ['.append without delimiter', { X: 'old' }, [{ 'env/X.append': 'new' }], 'oldnew'],
  ['.append with delimiter', { X: 'old' }, [{ 'env/X.append': 'new', 'env/X.delim': ', ' }], 'old, new'],
  ['.append to nothing has no delimiter', {}, [{ 'env/X.append': 'new', 'env/X.delim': ':' }], 'new'],
  ['.prepend with delimiter', { X: 'old' }, [{ 'env/X.prepend': 'new', 'env/X.delim': ':' }], 'new:old'],
  [
    'later layers prepend before earlier ones',
    { X: '0' },
    [{ 'env/X.prepend': '1' }, { 'env/X.prepend': '2' }],
    '210',
  ],
  [
    'later layers append after earlier ones',
    { X: '0' },
    [{ 'env/X.append': '1' }, { 'env/X.append': '2' }],
    '012',
  ],
  ['content is taken byte by byte', {}, [{ 'env/X': ' $HOME `id`\n' }], ' $HOME `id`\n'],
  ['another ending is ignored', { X: 'old' }, [{ 'env/X.bak': 'new' }], 'old'],
  ['env.build does not count at launch', { X: 'old' }, [{ 'env.build/X': 'build' }], 'old'],
  ['env.launch comes after env', {}, [{ 'env/X': 'env', 'env.launch/X': 'launch' }], 'launch'],
  ['a process comes after env.launch', {}, [{ 'env.launch/X': 'launch', 'env.launch/web/X': 'web' }], 'web'],
  [
    'another process does not count',
    {},
    [{ 'env.launch/X': 'launch', 'env.launch/worker/X': 'no' }],
    'launch',
  ],
  [
    'a delimiter counts for the whole layer',
    { X: 'a' },
    [{ 'env/X.delim': '-', 'env.launch/X.append': 'b' }],
    'a-b',
  ],
];

describe('the environment of layers', () => {
  for (const [name, before, layers, expected] of cases) {
    it(name, () => assert.equal(valueAfter(before, layers, 'launch', 'web'), expected));
  }

  it('takes env.build, not env.launch, in builds', () => {
    assert.equal(valueAfter({}, [{ 'env.build/X': 'build', 'env.launch/X': 'launch' }], 'build'), 'build');
  });

  it('puts the folders of a layer on search paths: all in builds, programs and libraries at launch', () => {
    using folder = temporaryFolder();
    const files = ['bin', 'lib', 'include', 'pkgconfig'].map((name) => [`${name}/file`, '']);
    writeFiles(folder.path, Object.fromEntries(files) as Files);
    const at = (name: string): string => join(folder.path, name);
    const before = { PATH: '/usr/bin' };
    assert.deepEqual(applyChanges(before, layerChanges(folder.path, 'build')), {
      PATH: `${at('bin')}:/usr/bin`,
      LD_LIBRARY_PATH: at('lib'),
      LIBRARY_PATH: at('lib'),
      CPATH: at('include'),
      PKG_CONFIG_PATH: at('pkgconfig'),
    });
    assert.deepEqual(applyChanges(before, layerChanges(folder.path, 'launch')), {
      PATH: `${at('bin')}:/usr/bin`,
      LD_LIBRARY_PATH: at('lib'),
    });
  });
});

describe('the environment of the platform', () => {
  it('is read as Kubernetes mounts a Secret, and replaces values but for search paths, which it goes before', () => {
    using folder = temporaryFolder();
    writeFiles(folder.path, { 'env/PATH': '/mine', 'env/X': 'mine', 'env/..data/X': 'not this' });
    const platform = readPlatformEnvironment(folder.path);
    assert.deepEqual(platform, { PATH: '/mine', X: 'mine' });
    const merged = withPlatformEnvironment({ PATH: '/usr/bin', X: 'theirs' }, platform);
    assert.deepEqual(merged, { PATH: '/mine:/usr/bin', X: 'mine' });
  });

  it('leaves out what the container knows of the platform', () => {
    const environment = baseEnvironment({ PATH: '/bin', HOME: '/h', PORT: '80', TOKEN: 'secret' });
    assert.deepEqual(environment, { PATH: '/bin', HOME: '/h', CNB_EXEC_ENV: 'production' });
  });
});
