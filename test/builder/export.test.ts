import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createOciClient } from '@epinio/core/oci';
import type { OciClient } from '@epinio/core/oci';
import { exportPhase } from '../../plugins/embedded-builder/src/lifecycle/export.ts';
import { BuildMachine } from '../../plugins/embedded-builder/src/lifecycle/testkit/build-machine.ts';
import type { TestBuildpack } from '../../plugins/embedded-builder/src/lifecycle/testkit/build-machine.ts';
import { openRegistry } from '../../plugins/embedded-registry/src/fixtures/open-registry.ts';
import { unpackImage } from './unpacked-image.ts';
import { run } from './run-program.ts';

/** A registry, and a machine that builds with the given buildpacks, one after the other. */
async function open(...buildpacks: readonly TestBuildpack[]) {
  const opened = await openRegistry();
  const { host } = opened;
  const machine = new BuildMachine(buildpacks, [buildpacks.map(({ id }) => ({ id }))]);
  const auths = await opened.registry.credentials();
  const client: OciClient = createOciClient({ auths });
  const auth = machine.dockerConfig(auths);
  return {
    machine,
    client,
    async push(tag: string, options: { readonly cacheLimit?: number } = {}): Promise<string> {
      const image = `${host}/apps/workspace-sample:${tag}`;
      await exportPhase({
        app: machine.path('app'),
        layers: machine.path('layers'),
        image,
        auth,
        registryCa: undefined,
        cache: machine.path('cache'),
        cacheLimit: options.cacheLimit ?? 1e9,
        output: machine.output,
      });
      return image;
    },
    async [Symbol.asyncDispose]() {
      client.close();
      machine[Symbol.dispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

const START = `cat >"$CNB_LAYERS_DIR/launch.toml" <<END
[[processes]]
type = "web"
command = ["greet", "$PWD/name.txt"]
[[labels]]
key = "acme.color"
value = "green"
END`;

/** A launch layer with a program, a variable and a link into the application. */
const GREETER: TestBuildpack = {
  id: 'acme/greeter',
  build: `
    layer=$CNB_LAYERS_DIR/tool
    mkdir -p "$layer/bin" "$layer/env.launch"
    printf '#!/bin/sh\\necho "$GREETING $(cat "$1") from $WHERE"\\n' >"$layer/bin/greet"
    chmod +x "$layer/bin/greet"
    printf hello >"$layer/env.launch/GREETING.default"
    printf '%s' "$layer" >"$layer/env.launch/WHERE"
    ln -s "$layer/bin/greet" tool-link
    printf '[types]\\nlaunch = true\\n[metadata]\\nversion = "1"\\n' >"$layer.toml"
    ${START}`,
};

describe('export', () => {
  it('makes an image that runs wherever it is unpacked', async () => {
    await using opened = await open(GREETER);
    await opened.machine.build({ 'name.txt': 'world' }, { TOKEN: 'build-secret' });
    await using image = await unpackImage(opened.client, await opened.push('1'));

    const [entrypoint = ''] = image.config.config?.Entrypoint ?? [];
    assert.equal(entrypoint, '/cnb/process/web');
    const said = await run(join(image.root, entrypoint));
    assert.equal(said, `hello world from ${image.root}/layers/acme_greeter/tool`);
    assert.equal(await run(join(image.root, entrypoint), { GREETING: 'bye' }), said.replace('hello', 'bye'));

    assert.equal(
      readlinkSync(join(image.root, 'workspace/tool-link')),
      '../layers/acme_greeter/tool/bin/greet',
    );
    const { WorkingDir, Env, Labels = {} } = image.config.config ?? {};
    assert.equal(WorkingDir, '/workspace');
    assert.deepEqual(Env, ['CNB_LAYERS_DIR=/layers', 'CNB_APP_DIR=/workspace']);
    assert.equal(Labels['acme.color'], 'green');
    const built = JSON.parse(Labels['io.buildpacks.build.metadata'] ?? '') as { processes: unknown };
    assert.deepEqual(built.processes, [
      {
        type: 'web',
        command: ['greet', '/workspace/name.txt'],
        args: [],
        direct: true,
        'working-dir': '/workspace',
        buildpackID: 'acme/greeter',
        'exec-env': ['*'],
      },
    ]);
    const lifecycle = JSON.parse(Labels['io.buildpacks.lifecycle.metadata'] ?? '') as {
      buildpacks: readonly { layers: Record<string, { sha: string; data: unknown }> }[];
    };
    const tool = lifecycle.buildpacks[0]?.layers['tool'];
    assert.deepEqual(tool?.data, { version: '1' });
    assert.equal(tool.sha, image.config.rootfs.diff_ids[0]);
  });

  it('leaves no secret of the build and no path of the machine in the image', async () => {
    await using opened = await open(GREETER);
    await opened.machine.build({ 'name.txt': 'world' }, { TOKEN: 'build-secret' });
    const image = await opened.push('1');
    const { manifest } = await opened.client.manifest(image);
    for (const { digest } of [manifest.config, ...manifest.layers.slice(1)]) {
      const chunks: Buffer[] = [];
      for await (const chunk of opened.client.blob(image, digest)) chunks.push(chunk as Buffer);
      const content = Buffer.concat(chunks).toString('latin1');
      assert.ok(!content.includes('build-secret'), "!content.includes('build-secret')");
      assert.ok(!content.includes(opened.machine.path()), '!content.includes(opened.machine.path())');
    }
  });

  it('makes the same image of the same sources, and sends nothing again', async () => {
    await using opened = await open(GREETER);
    await opened.machine.build({ 'name.txt': 'world' });
    const first = await opened.client.manifest(await opened.push('1'));
    opened.machine.renew();
    await opened.machine.build({ 'name.txt': 'world' });
    const second = await opened.client.manifest(await opened.push('2'));
    assert.equal(second.digest, first.digest);
    assert.match(opened.machine.log, /^ {5}tool: .*, unchanged$/m);
    assert.match(opened.machine.log, /^ {5}app: .*, unchanged$/m);
  });

  it('uses a layer of the last image again, with what it does to the environment', async () => {
    const reuses: TestBuildpack = {
      ...GREETER,
      build: `
        if grep -q 'version = "1"' "$CNB_LAYERS_DIR/tool.toml" 2>/dev/null; then
          ! grep -q launch "$CNB_LAYERS_DIR/tool.toml"
          printf '[types]\\nlaunch = true\\n[metadata]\\nversion = "1"\\n' >"$CNB_LAYERS_DIR/tool.toml"
          echo reusing
          ${START}
          exit 0
        fi
        ${GREETER.build ?? ''}`,
    };
    await using opened = await open(reuses);
    await opened.machine.build({ 'name.txt': 'one' });
    await opened.push('1');
    for (const [tag, name] of [
      ['2', 'two'],
      ['3', 'three'],
    ] as const) {
      opened.machine.renew();
      await opened.machine.build({ 'name.txt': name });
      assert.match(opened.machine.log, /reusing/);
      assert.ok(
        !existsSync(opened.machine.path('layers/acme_greeter/tool')),
        "!existsSync(opened.machine.path('layers/acme_greeter/tool'))",
      );
      await using image = await unpackImage(opened.client, await opened.push(tag));
      assert.match(opened.machine.log, /^ {5}tool: reused, /m);
      const said = await run(join(image.root, 'cnb/process/web'));
      assert.equal(said, `hello ${name} from ${image.root}/layers/acme_greeter/tool`);
    }
  });

  it('says so when the last image is gone, and builds anew the next time', async () => {
    const reuses: TestBuildpack = {
      id: 'acme/reuses',
      build: `
        if [ -f "$CNB_LAYERS_DIR/tool.toml" ]; then echo again; else mkdir "$CNB_LAYERS_DIR/tool"; echo x >"$CNB_LAYERS_DIR/tool/x"; fi
        printf '[types]\\nlaunch = true\\n' >"$CNB_LAYERS_DIR/tool.toml"
        ${START}`,
    };
    await using opened = await open(reuses);
    await opened.machine.build({ 'name.txt': '' });
    await opened.push('1');
    const index = opened.machine.path('cache/index.json');
    writeFileSync(
      index,
      readFileSync(index, 'utf8').replace(/"digest":"sha256:[0-9a-f]{4}/, '"digest":"sha256:0000'),
    );
    opened.machine.renew();
    await opened.machine.build({ 'name.txt': '' });
    await assert.rejects(opened.push('2'), {
      message: /Layer "tool" of "acme\/reuses" is not in the registry any more: push again/,
    });
    opened.machine.renew();
    await opened.machine.build({ 'name.txt': '' });
    await opened.push('2');
  });

  it('keeps cached layers and store.toml for the next build, as they were at the last success', async () => {
    const caches: TestBuildpack = {
      id: 'acme/caches',
      build: `
        cache=$CNB_LAYERS_DIR/downloads
        echo "had: $(cat "$cache/file" 2>/dev/null || echo nothing), $(grep -o 'runs = [0-9]*' "$CNB_LAYERS_DIR/store.toml" 2>/dev/null || echo no store), $(grep -c types "$cache.toml" 2>/dev/null || true)"
        mkdir -p "$cache"
        cat content.txt >"$cache/file"
        printf '[types]\\ncache = true\\n[metadata]\\nkey = "k"\\n' >"$cache.toml"
        printf '[metadata]\\nruns = 7\\n' >"$CNB_LAYERS_DIR/store.toml"
        if [ -f fail ]; then exit 1; fi
        ${START}`,
    };
    await using opened = await open(caches);
    const had = (): string | undefined => /had: (.*)/.exec(opened.machine.log)?.[1];
    await opened.machine.build({ 'content.txt': 'one' });
    assert.equal(had(), 'nothing, no store, ');
    await opened.push('1');
    opened.machine.renew();
    await assert.rejects(opened.machine.build({ 'content.txt': 'two', fail: '' }), /ended with exit code 1/);
    assert.equal(had(), 'one, runs = 7, 0');
    opened.machine.renew();
    await opened.machine.build({ 'content.txt': 'one' });
    assert.equal(had(), 'one, runs = 7, 0');
  });

  it('does not cache more than it may', async () => {
    const big: TestBuildpack = {
      id: 'acme/big',
      build: `
        mkdir "$CNB_LAYERS_DIR/heap"
        head -c 5000 /dev/zero >"$CNB_LAYERS_DIR/heap/file"
        printf '[types]\\ncache = true\\n' >"$CNB_LAYERS_DIR/heap.toml"
        ${START}`,
    };
    await using opened = await open(big);
    await opened.machine.build({ 'name.txt': '' });
    await opened.push('1', { cacheLimit: 4000 });
    assert.match(opened.machine.log, /"heap" is not cached: 5\.0 kB, and there is room for 4\.0 kB/);
  });

  it('never follows links that a build leaves behind', async () => {
    await using opened = await open({ id: 'acme/plain', build: START });
    await opened.machine.build({ 'name.txt': '' });
    const secret = opened.machine.path('config.json');
    const layers = opened.machine.path('layers/acme_plain');
    symlinkSync(secret, join(opened.machine.path('app'), 'stolen'));
    symlinkSync(opened.machine.path('environment'), join(layers, 'stolen'));
    writeFileSync(join(layers, 'stolen.toml'), '[types]\nlaunch = true\n');
    await assert.rejects(opened.push('1'), /Layer "stolen" .* is not in the registry any more/);
    rmSync(join(layers, 'stolen.toml'));
    symlinkSync(secret, join(layers, 'stolen.toml'));
    await assert.rejects(opened.push('1'), /stolen.toml" is no file/);
    rmSync(join(layers, 'stolen.toml'));
    await using image = await unpackImage(opened.client, await opened.push('1'));
    assert.equal(readlinkSync(join(image.root, 'workspace/stolen')), secret);
  });
});
