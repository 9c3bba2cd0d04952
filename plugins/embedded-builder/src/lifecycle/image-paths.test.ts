import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageLinkTarget, toImagePaths } from './image-paths.ts';

const built = { app: '/data/pods/1/workspace', layers: '/data/pods/1/layers' };

describe('paths of the build in the image', () => {
  const cases: readonly (readonly [value: string, expected: string])[] = [
    ['/data/pods/1/layers/x/bin', '/layers/x/bin'],
    ['/data/pods/1/workspace', '/workspace'],
    ['/opt:/data/pods/1/layers/a:/data/pods/1/layers/b', '/opt:/layers/a:/layers/b'],
    ['--root=/data/pods/1/workspace/public', '--root=/workspace/public'],
    ['cd "/data/pods/1/workspace" && ./run', 'cd "/workspace" && ./run'],
    ['/other/data/pods/1/layers', '/other/data/pods/1/layers'],
    ['/data/pods/1/layers2', '/data/pods/1/layers2'],
    ['no path at all', 'no path at all'],
  ];
  for (const [value, expected] of cases) it(value, () => assert.equal(toImagePaths(value, built), expected));
});

describe('links in the image', () => {
  const cases: readonly (readonly [link: string, target: string, expected: string])[] = [
    [
      'workspace/node_modules',
      '/data/pods/1/layers/n/modules/node_modules',
      '../layers/n/modules/node_modules',
    ],
    ['layers/a/x/link', '/data/pods/1/layers/a/y/file', '../y/file'],
    ['layers/a/x/link', '/data/pods/1/workspace/file', '../../../workspace/file'],
    ['workspace/self', '/workspace', '.'],
    ['workspace/a', 'b/c', 'b/c'],
    ['workspace/a', '/etc/hosts', '/etc/hosts'],
  ];
  for (const [link, target, expected] of cases) {
    it(`${link} -> ${target}`, () => assert.equal(imageLinkTarget(link, target, built), expected));
  }
});
