import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { StagingRequest, StagingStatus } from '@epinio/core';
import { pack } from '@epinio/core/archive';
import type { z } from 'zod';
import type { config } from '../../plugins/embedded-builder/src/config.ts';
import { temporaryFolder } from '../../plugins/embedded-builder/src/lifecycle/testkit/temporary-folder.ts';
import { writeFiles } from '../../plugins/embedded-builder/src/lifecycle/testkit/write-files.ts';
import { openCluster } from './open-cluster.ts';
import type { OpenedCluster } from './open-cluster.ts';

const DEADLINE_MS = 60_000;

/** Builds an application whose build script is the given program, and says how that ended. */
async function stage(
  opened: OpenedCluster,
  buildScript: string,
  settings: z.input<typeof config>,
): Promise<StagingStatus> {
  const { storage, registry } = opened;
  const id = randomBytes(8).toString('hex');
  const manifest = { scripts: { start: 'node server.js', build: 'node build.cjs' } };
  using folder = temporaryFolder();
  writeFiles(folder.path, { 'package.json': JSON.stringify(manifest), 'build.cjs': buildScript });
  await storage.put(id, pack(folder.path), { contentType: 'application/x-tar' });
  const app = { namespace: 'workspace', name: `sample-${id}` };
  const { push } = await registry.repository(`apps/${app.name}`);
  const request: StagingRequest = {
    id,
    app,
    blob: id,
    image: `${push}:1`,
    environment: {},
    labels: {},
    annotations: {},
  };
  const builder = await opened.withSettings(settings);
  await builder.start(request);
  return await builder.wait(id, AbortSignal.timeout(DEADLINE_MS));
}

describe('a build', { concurrency: true }, () => {
  let opened: OpenedCluster;
  before(async () => {
    opened = await openCluster();
  });
  after(() => opened[Symbol.asyncDispose]());

  it('that hangs is ended when its time is over', async () => {
    const status = await stage(opened, 'setInterval(() => {}, 1000)', { buildTimeoutSeconds: 10 });
    assert.deepEqual([status.phase, status.message], ['failed', 'the build took longer than 10 s']);
  });

  it('that fills the disk is ended at its limit', async () => {
    const fill = `
      const chunk = Buffer.alloc(1024 * 1024, 1);
      const file = require('fs').openSync('filling', 'w');
      setInterval(() => require('fs').writeSync(file, chunk), 5);`;
    const status = await stage(opened, fill, { disk: '40Mi' });
    assert.equal(status.phase, 'failed');
    assert.match(status.message ?? '', /^the build used more disk than its limit of 40Mi/);
  });

  it('that takes all memory is ended at its limit', async () => {
    const fill = `
      const kept = [];
      setInterval(() => kept.push(Buffer.alloc(4 * 1024 * 1024, 1)), 5);`;
    const status = await stage(opened, fill, { memory: '256Mi' });
    assert.deepEqual(
      [status.phase, status.message],
      ['failed', 'the build used more memory than its limit of 256Mi'],
    );
  });

  it('sees neither the credentials of the registry, nor the link to the sources, nor the cluster', async () => {
    const look = `
      const { readdirSync } = require('fs');
      const found = (path) => { try { return readdirSync(path).length > 0; } catch { return false; } };
      const folders = ['/source', '/registry-auth', '/var/run/secrets'].filter(found);
      const variables = Object.keys(process.env).filter((name) => /SECRET|TOKEN|PASSWORD|KUBERNETES/.test(name));
      console.log('ERROR: found [' + folders + '] [' + variables + ']');
      process.exit(1);`;
    const status = await stage(opened, look, {});
    assert.ok(
      status.lastLines?.some((line) => line.includes('ERROR: found [] []')),
      status.lastLines?.join('\n'),
    );
  });
});
