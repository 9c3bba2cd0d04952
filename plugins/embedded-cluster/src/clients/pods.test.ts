import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { ImageRegistry } from '../node/testkit/image-registry.ts';
import { ClientCluster } from './testkit/client-cluster.ts';
import { testTranscripts } from './testkit/play.ts';

describe('kubectl and helm show of pods that run what they show on a real cluster', () => {
  let cluster: ClientCluster;
  let registry: ImageRegistry;
  before(async () => {
    registry = await ImageRegistry.start();
    // A shell with the programs of this machine, as `busybox` is on other clusters.
    await registry.add('shell', [{ at: 'workspace/name', content: 'shell' }], { Cmd: ['/bin/sh'] });
    // Of `describe` alone: nobody else has pulled it before.
    await registry.add('described', [{ at: 'workspace/name', content: 'other' }], { Cmd: ['/bin/sh'] });
    cluster = await ClientCluster.start({ simulated: false, env: { REGISTRY: registry.host } });
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  testTranscripts(join(import.meta.dirname, 'pods'), ['kubectl', 'helm'], () => cluster);
});
