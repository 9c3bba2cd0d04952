import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { ClientCluster } from './testkit/client-cluster.ts';
import { testTranscripts } from './testkit/play.ts';

describe('helm does what it does with a real cluster', () => {
  let cluster: ClientCluster;
  before(async () => {
    cluster = await ClientCluster.start();
  });
  after(async () => cluster[Symbol.asyncDispose]());

  testTranscripts(join(import.meta.dirname, 'helm'), ['helm', 'kubectl'], () => cluster);
});
