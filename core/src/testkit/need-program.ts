import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/** Absolute path of a program on PATH; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * The path of a program that a test cannot do without. Where it is missing the test is skipped and says so,
 * to be left with `return`; with `CI=true` in the environment, where everything is installed, it fails.
 */
export function needProgram(t: TestContext, name: string, purpose: string): string | undefined {
  const path = findProgram(name);
  if (path !== undefined) return path;
  const message = `the program "${name}" is not on PATH, which is needed to ${purpose}`;
  if (process.env['CI'] === 'true') assert.fail(message);
  t.skip(`SKIPPED: ${message}`);
  return undefined;
}
