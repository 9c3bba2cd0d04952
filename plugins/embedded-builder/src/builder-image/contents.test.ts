import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BuildMachine } from '../lifecycle/testkit/build-machine.ts';
import { temporaryFolder } from '../lifecycle/testkit/temporary-folder.ts';
import { writeFiles } from '../lifecycle/testkit/write-files.ts';
import { ourBuilder } from '../buildpacks/testkit/our-builder.ts';
import { webProcess } from '../buildpacks/testkit/web-process.ts';
import { builderContents } from './contents.ts';

const RUBY = {
  'buildpack.toml': 'api = "0.12"\n[buildpack]\nid = "acme/ruby"\nversion = "1.0.0"\n',
  'bin/detect': '#!/bin/sh\n[ -f Gemfile ] || exit 100\n',
  'bin/build': `#!/bin/sh\nprintf '[[processes]]\\ntype = "web"\\ncommand = ["puma"]\\n' >"$CNB_LAYERS_DIR/launch.toml"\n`,
};

describe('the builder image', () => {
  it('has a name that stands for its content', () => {
    using folder = temporaryFolder();
    writeFiles(folder.path, RUBY);
    const [plain, again] = [builderContents([]).version, builderContents([]).version];
    assert.match(plain, /^[0-9a-f]{16}$/);
    assert.equal(again, plain);
    const ruby = builderContents([folder.path]).version;
    assert.notEqual(ruby, plain);
    writeFiles(folder.path, { 'bin/extra': '' });
    assert.notEqual(builderContents([folder.path]).version, ruby);
  });

  it('tries the buildpacks of the operator first', async () => {
    using folder = temporaryFolder();
    writeFiles(folder.path, RUBY);
    using builder = ourBuilder([folder.path]);
    using machine = new BuildMachine(builder);
    await machine.build({ Gemfile: '', 'package.json': '{"scripts":{"start":"node x.js"}}' });
    assert.deepEqual(webProcess(machine), ['puma']);
    machine.renew();
    await machine.build({ Gemfile: '', Procfile: 'web: other' });
    assert.deepEqual(webProcess(machine), ['other']);
    machine.renew();
    await machine.build({ 'index.html': '' });
    assert.match(machine.log, /epinio\/static/);
  });

  it('lets one of the operator stand in for ours', async () => {
    using folder = temporaryFolder();
    writeFiles(folder.path, {
      ...RUBY,
      'buildpack.toml': RUBY['buildpack.toml'].replace('acme/ruby', 'epinio/go'),
    });
    using builder = ourBuilder([folder.path]);
    using machine = new BuildMachine(builder);
    await machine.build({ Gemfile: '', 'go.mod': '' });
    assert.match(machine.log, /epinio\/go 1\.0\.0/);
  });

  it('says which folder is no buildpack', () => {
    using folder = temporaryFolder();
    assert.throws(() => builderContents([folder.path]), {
      code: 'BUILDPACK_INVALID',
      message: `Buildpack folder "${folder.path}" cannot be used: Buildpack "${folder.path}" has no buildpack.toml`,
    });
    writeFiles(folder.path, { 'buildpack.toml': RUBY['buildpack.toml'] });
    assert.throws(() => builderContents([folder.path]), /has no bin\/detect/);
    assert.throws(() => builderContents([join(folder.path, 'nowhere')]), { code: 'BUILDPACK_INVALID' });
  });
});
