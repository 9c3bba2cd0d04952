import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createOciClient } from '@epinio/core/oci';
import { needProgram } from '@epinio/core/testkit';
import { ourBuilder } from '../../plugins/embedded-builder/src/buildpacks/testkit/our-builder.ts';
import { exportPhase } from '../../plugins/embedded-builder/src/lifecycle/export.ts';
import { BuildMachine } from '../../plugins/embedded-builder/src/lifecycle/testkit/build-machine.ts';
import { openRegistry } from '../../plugins/embedded-registry/src/fixtures/open-registry.ts';
import type { OpenedRegistry } from '../../plugins/embedded-registry/src/fixtures/open-registry.ts';
import { startApp } from './running-app.ts';
import { unpackImage } from './unpacked-image.ts';

const APPS = resolve(import.meta.dirname, '../../examples/apps');

/** Those that need no network and no compiler; the end-to-end tests push all of them. */
const cases: readonly (readonly [app: string, program: string, page: RegExp])[] = [
  ['nodejs-plain', 'node', /<h1>Good morning, &lt;you&gt;<\/h1>/],
  ['python', 'python3', /<h1>Good morning, &lt;you&gt;<\/h1>/],
  ['static', 'node', /<h1>Hello from a static site<\/h1>/],
];

describe('images of the example applications', () => {
  const builder = ourBuilder();
  let opened: OpenedRegistry;
  before(async () => {
    opened = await openRegistry();
  });
  after(async () => {
    await opened[Symbol.asyncDispose]();
    builder[Symbol.dispose]();
  });

  for (const [app, program, page] of cases) {
    it(`${app} shows its page and ends when it is asked to`, async (t) => {
      if (needProgram(t, program, `run the example ${app}`) === undefined) return;
      using machine = new BuildMachine(builder);
      cpSync(resolve(APPS, app), machine.path('app'), { recursive: true });
      await machine.build();
      const image = `${opened.host}/apps/${app}:1`;
      const client = createOciClient({ auths: await opened.registry.credentials() });
      await exportPhase({
        app: machine.path('app'),
        layers: machine.path('layers'),
        image,
        auth: machine.dockerConfig(await opened.registry.credentials()),
        registryCa: undefined,
        cache: undefined,
        cacheLimit: 0,
        output: machine.output,
      });
      await using unpacked = await unpackImage(client, image);
      client.close();
      await using running = await startApp(unpacked, { GREETING: 'Good morning, <you>' });
      const answer = await fetch(running.url);
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), page);
      assert.equal((await fetch(`${running.url}/no-such-page`)).status, 404);
      assert.equal(await running.stop(), 0);
    });
  }
});
