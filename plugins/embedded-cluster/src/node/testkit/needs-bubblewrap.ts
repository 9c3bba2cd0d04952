import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

/** Without bubblewrap the test is skipped out loud; where everything should be there (CI), that is a failure. */
export function needsBubblewrap(t: TestContext): boolean {
  if (spawnSync('bwrap', ['--version']).status === 0) return true;
  assert.notEqual(process.env['CI'], 'true', 'bubblewrap has to be installed for this test');
  t.diagnostic('bubblewrap is not installed: isolation was not tested');
  t.skip('bubblewrap is not installed');
  return false;
}
