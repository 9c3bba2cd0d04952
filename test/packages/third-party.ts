import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { webApp } from '../support/apps.ts';
import { get } from '../support/https.ts';
import { User } from '../support/user.ts';
import type { Outside } from './outside.ts';

const CONFIG = `api: epinio/v1
profile: embedded
components:
  storage: shared-storage
`;

/** A platform of the installed command, with a storage that does not come with it, takes a push. */
export async function pushWithSharedStorage(outside: Outside): Promise<void> {
  const config = await outside.write('epinio.config.yaml', CONFIG);
  await using user = new User();
  user.program = join(outside.folder, 'node_modules', '.bin', 'epinio');
  await user.epinio('install', '-f', config, '--yes', '--data-dir', user.dataDir);

  const folder = await user.files('app', webApp('from a third party'));
  const { urls } = await user.json<{ urls: string[] }>('push', '--name', 'outside', '--path', folder);
  const page = await get(urls[0] ?? '', await user.ca());
  assert.equal(page.status, 200, page.body);
  assert.match(page.body, /^from a third party/);

  const blobs = await readdir(join(user.dataDir, 'shared-storage', 'contents'), { recursive: true });
  assert.ok(blobs.length > 0, 'the sources are not in the folder of the plugin');
  assert.equal(existsSync(join(user.dataDir, 'embedded-storage')), false, 'the other storage was used too');

  await user.epinio('uninstall', '--yes');
  assert.equal(existsSync(user.dataDir), false, 'uninstall left the data folder');
}
