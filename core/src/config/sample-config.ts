import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { isEpinioError } from '../kernel/errors.ts';
import { loadConfig, type LoadConfigOptions, type LoadedConfig, type Profile } from './load.ts';

// What the tests of the configuration load: folders of their own, two profiles.

export const root = realpathSync(mkdtempSync(join(tmpdir(), 'epinio-config-')));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

/** A folder of its own with these files. */
export function folder(files: Readonly<Record<string, string>>): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

export const profiles: Readonly<Record<string, Profile>> = {
  small: {
    domain: 'localhost',
    components: {
      ingress: { use: 'door', with: { httpsPort: 8443, log: { level: 'info' } } },
      mesh: false,
      storage: 'shelf',
    },
  },
  big: { components: { ingress: 'gate' } },
};

export function load(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadConfigOptions> = {},
): Promise<LoadedConfig> {
  return loadConfig({ cwd: folder(files), environment: {}, profiles, defaultProfile: 'small', ...options });
}

/** All problems that the configuration has, a line each. */
export async function problems(
  files: Readonly<Record<string, string>>,
  options: Partial<LoadConfigOptions> = {},
): Promise<readonly string[]> {
  try {
    await load(files, options);
  } catch (error) {
    assert.ok(isEpinioError(error), String(error));
    return error.details.length > 0
      ? error.details
      : [`${error.message}${error.fix === undefined ? '' : ` (${error.fix})`}`];
  }
  assert.fail('the configuration was accepted');
}

export function file(...lines: string[]): Readonly<Record<string, string>> {
  return { 'epinio.config.yaml': ['api: epinio/v1', ...lines, ''].join('\n') };
}
