import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountPath } from './mount-path.ts';

test('a mount lies where the links of the image lead, and never outside of it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'epinio-image-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const path of ['var/lib', 'usr/lib', 'run']) mkdirSync(join(folder, path), { recursive: true });
  symlinkSync('/run', join(folder, 'var/run'));
  symlinkSync('usr/lib', join(folder, 'lib'));
  symlinkSync('../../../../etc', join(folder, 'var/out'));
  symlinkSync('b', join(folder, 'a'));
  symlinkSync('a', join(folder, 'b'));
  const image = { folder, hasSystem: true, entries: [] };
  for (const [path, expected] of [
    ['/var/run/secrets/kubernetes.io/serviceaccount', '/run/secrets/kubernetes.io/serviceaccount'],
    ['/lib/x', '/usr/lib/x'],
    ['/var/out/passwd', '/etc/passwd'],
    ['/var/lib/data', '/var/lib/data'],
    ['/new/place', '/new/place'],
    ['/a/x', '/a/x'],
  ] as const)
    assert.equal(mountPath(image, path), expected);
});
