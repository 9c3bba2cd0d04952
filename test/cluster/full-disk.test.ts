import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { needProgram } from '@epinio/core/testkit';
import { ClusterProcess } from './support/cluster-process.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
/** The biggest file that the cluster may have at first, in blocks of 512 bytes: 4 MB. */
const BLOCKS = 8192;

it('refuses writes over HTTPS while the disk is full, reads on, and goes on when there is room', async (t) => {
  const prlimit = needProgram(t, 'prlimit', 'make room for a process that runs');
  if (prlimit === undefined) return;
  await using cluster = await ClusterProcess.start({ prepare: `ulimit -S -f ${BLOCKS}` });
  using client = cluster.client();
  const data = { big: 'x'.repeat(100_000) };
  const create = (name: string) => client.call('POST', MAPS, { body: { metadata: { name }, data } });
  const watch = client.watch(`${MAPS}?watch=1&labelSelector=room`);

  const names: string[] = [];
  let refused = await create('m0');
  while (refused.status === 201 && names.length < 200) {
    names.push(`m${names.length}`);
    refused = await create(`m${names.length}`);
  }
  assert.equal(refused.status, 500, `${names.length} writes were taken`);
  assert.equal(refused.body.reason, 'InternalError');
  assert.match(refused.body.message ?? '', /cannot be written.*Make room on its disk/);
  const list = async (): Promise<readonly string[]> => {
    const { body } = await client.call('GET', MAPS);
    return (body.items ?? [])
      .map(({ metadata }) => metadata.name ?? '')
      .filter((name) => name !== 'kube-root-ca.crt');
  };
  assert.deepEqual([...(await list())].sort(), [...names].sort(), 'what was refused is not there');
  assert.equal((await create('again')).status, 500);

  await promisify(execFile)(prlimit, ['--pid', String(cluster.pid), '--fsize=unlimited:']);
  const { status, text } = await client.call('POST', MAPS, {
    body: { metadata: { name: 'room', labels: { room: 'yes' } } },
  });
  assert.equal(status, 201, text);
  const { value } = (await watch.next()) as { value: { type: string } };
  assert.equal(value.type, 'ADDED', 'watches go on');
  await watch.return(undefined);

  await cluster.kill();
  await cluster.start();
  assert.deepEqual([...(await list())].sort(), [...names, 'room'].sort());
});
