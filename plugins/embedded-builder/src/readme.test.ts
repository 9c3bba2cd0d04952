import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { config } from './config.ts';
import { BuildMachine } from './lifecycle/testkit/build-machine.ts';
import { temporaryFolder } from './lifecycle/testkit/temporary-folder.ts';
import { writeFiles } from './lifecycle/testkit/write-files.ts';
import { ourBuilder } from './buildpacks/testkit/our-builder.ts';
import { webProcess } from './buildpacks/testkit/web-process.ts';
import { packageFile } from './package-folder.ts';

const readme = readFileSync(packageFile('README.md'), 'utf8');
const blocks = [...readme.matchAll(/```(?:toml|sh)\n(.*?)```/gs)].map((match) => match[1] ?? '');

describe('the README', () => {
  it('names every option', () => {
    for (const key of Object.keys(config.shape)) assert.ok(readme.includes(`| \`${key}\` |`), key);
  });

  it('shows a buildpack that works', async () => {
    const [descriptor = '', detect = '', build = ''] = blocks;
    using folder = temporaryFolder();
    writeFiles(folder.path, {
      'pack/buildpack.toml': descriptor,
      'pack/bin/detect': detect,
      'pack/bin/build': build,
      'programs/bundle': '#!/bin/sh\necho "bundle $1 into $BUNDLE_PATH"\n[ ! -f broken ]\n',
    });
    using builder = ourBuilder([`${folder.path}/pack`]);
    using machine = new BuildMachine(builder);
    const environment = { PATH: `${folder.path}/programs` };
    const app = { Gemfile: '', 'Gemfile.lock': 'puma' };
    await machine.build(app, environment);
    const gems = machine.path('layers/acme_ruby/gems');
    assert.ok(
      machine.log.includes(`bundle install into ${gems}`),
      'machine.log.includes(`bundle install into ${gems}`)',
    );
    assert.equal(readFileSync(`${gems}/env.launch/BUNDLE_PATH`, 'utf8'), gems);
    assert.deepEqual(webProcess(machine), ['bundle', 'exec', 'puma']);
    await machine.keepCache();

    machine.renew();
    await machine.build(app, environment);
    assert.ok(!machine.log.includes('bundle install') && !existsSync(gems), 'the layer is used again');

    machine.renew();
    await assert.rejects(machine.build({ ...app, 'Gemfile.lock': 'rack', broken: '' }, environment), {
      message: 'Buildpack "acme/ruby" failed: "bundle install" failed',
    });
  });
});
