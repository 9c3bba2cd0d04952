import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { ClientCluster } from './testkit/client-cluster.ts';
import { testTranscripts } from './testkit/play.ts';

// On a cluster of its own: where nothing may be scheduled, no other session comes to its end.
describe('kubectl keeps pods off a node and empties it as it does with a real cluster', () => {
  let cluster: ClientCluster;
  before(async () => {
    cluster = await ClientCluster.start();
  });
  after(async () => cluster[Symbol.asyncDispose]());

  testTranscripts(join(import.meta.dirname, 'nodes'), ['kubectl'], () => cluster);
});
