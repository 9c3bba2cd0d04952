import { join } from 'node:path';
import { selfSigned } from '@epinio/core/testkit';
import type { FigureGroup } from '../figure.ts';
import { startBaseline } from '../load/baseline.ts';
import { call, clusterApi } from '../load/cluster-access.ts';
import { requestsPerSecond, type Load } from '../load/rate.ts';

const CONNECTIONS = 16;
const COLLECTION = '/api/v1/namespaces/default/configmaps';

/** What the cluster's API does in a second, beside a server of a few lines that is as careful with the disk. */
export const kubeApi: FigureGroup = {
  figures: {
    'kube-creates': `ConfigMaps created over the Kubernetes API by ${CONNECTIONS} clients`,
    'kube-gets': `ConfigMaps read over the Kubernetes API by ${CONNECTIONS} clients`,
  },
  async *measure(bench) {
    if (!bench.wants('kube-creates') && !bench.wants('kube-gets')) return;
    const { user } = await bench.platform();
    const { certificate, key } = selfSigned('127.0.0.1');
    await using store = await startBaseline(join(import.meta.dirname, '../load/bare-store.ts'), {
      cert: certificate,
      key,
      file: join(user.folder, 'bare-store'),
    });
    const bare = { origin: `https://127.0.0.1:${store.port}`, tls: { ca: certificate } };
    const cluster = await clusterApi(user);
    for (const target of [bare, cluster]) await call(target, 'POST', COLLECTION, configMap('read'));
    const loads = { 'kube-gets': gets, 'kube-creates': creates() };
    for (const [name, load] of Object.entries(loads)) {
      if (!bench.wants(name)) continue;
      const value = await requestsPerSecond(bare, load);
      const measured = await requestsPerSecond(cluster, load);
      yield { name, unit: '/s', measured, runs: 1, baseline: { what: 'bare server', value } };
    }
  },
};

const gets: Load = {
  connections: CONNECTIONS,
  request: () => ({ path: `${COLLECTION}/read`, method: 'GET' }),
  status: 200,
};

function creates(): Load {
  let made = 0;
  return {
    connections: CONNECTIONS,
    request: () => ({
      path: COLLECTION,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(configMap(`created-${(made += 1)}`)),
    }),
    status: 201,
  };
}

function configMap(name: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: 'x'.repeat(500) } };
}
