import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { loadInstallation } from '@epinio/core';
import { profiles } from './profiles.ts';

const configs = resolve(import.meta.dirname, '../../../examples/configs');

describe('the example config files', () => {
  for (const name of readdirSync(configs)) {
    it(`${name} is valid, with all the plugins that it names`, async () => {
      const file = join(configs, name);
      const { plugins } = await loadInstallation({
        cwd: configs,
        file,
        environment: {},
        profiles,
        base: import.meta.url,
      });
      assert.ok(plugins.length >= 8, `only ${plugins.length} components are chosen`);
    });
  }
});
