import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { eventually } from '@epinio/core/testkit';
import { ApiClient } from './api/testing/test-api.ts';
import { at } from './json.ts';
import { needsBubblewrap } from './node/testkit/needs-bubblewrap.ts';
import { ServedCluster } from './testkit/served-cluster.ts';

/** An application that speaks to the API as any would that runs in a cluster, and tells what it was answered. */
const APP = `
import { readFileSync } from 'node:fs';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
const config = new KubeConfig();
config.loadFromCluster();
const api = config.makeApiClient(CoreV1Api);
const namespace = readFileSync(folder + '/namespace', 'utf8');
console.log('at ' + config.getCurrentCluster().server);
for (let last = ''; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
  const said = await api.listNamespacedConfigMap({ namespace }).then(
    ({ items }) => 'sees ' + items.map(({ metadata }) => metadata.name).join(' '),
    (error) => 'refused ' + (error.code ?? error.message),
  );
  if (said !== last) console.log(said);
  last = said;
}
`;

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: APP, resolveDir: import.meta.dirname },
    ...{ bundle: true, platform: 'node', format: 'esm', write: false, logLevel: 'error' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return outputFiles[0]?.text ?? '';
}

test('a client in a pod finds the API, and may do what the roles of its account say', async (t) => {
  if (!needsBubblewrap(t)) return;
  await using cluster = await ServedCluster.start();
  const image = await cluster.registry.add('client', [{ at: 'workspace/run.mjs', content: await bundle() }], {
    WorkingDir: '/workspace',
    Entrypoint: ['node', 'run.mjs'],
  });
  using admin = ApiClient.fromKubeconfig(cluster.kubeconfigFile);
  const namespace = 'default';
  const create = async (path: string, body: object): Promise<string> => {
    const answer = await admin.call('POST', path, { body });
    assert.equal(answer.status, 201, answer.text);
    return String(at(answer.body, 'metadata', 'uid'));
  };
  const run = (name: string, spec: object): Promise<string> => {
    const containers = [{ name: 'main', image }];
    const body = { metadata: { name }, spec: { terminationGracePeriodSeconds: 0, containers, ...spec } };
    return create(`/api/v1/namespaces/${namespace}/pods`, body);
  };
  const says = (name: string, what: RegExp) =>
    eventually(
      async () => assert.match(await cluster.api.readNamespacedPodLog({ namespace, name }), what),
      20_000,
    );
  await create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'robot' } });
  const uid = await run('robot', { serviceAccountName: 'robot' });
  await run('silent', { automountServiceAccountToken: false });

  await says('robot', /^at https:\/\/127\.96\.0\.1:\d+\nrefused 403\n$/);
  await says('silent', /no such file or directory/i);
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
  await create(`${rbac}/roles`, { metadata: { name: 'reader' }, rules });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' };
  const subjects = [{ kind: 'ServiceAccount', name: 'robot', namespace }];
  await create(`${rbac}/rolebindings`, { metadata: { name: 'robot' }, roleRef, subjects });
  await says('robot', /\nsees kube-root-ca\.crt\n$/);

  // The token is the same after a restart of the platform, and worthless once its pod is gone.
  const volumes = join(cluster.folder, 'node/pods', uid, 'volumes');
  const volume = readdirSync(volumes).find((name) => name.startsWith('kube-api-access-')) ?? '';
  const token = readFileSync(join(volumes, volume, 'token'), 'utf8');
  await cluster.restart();
  await says('robot', /\nsees kube-root-ca\.crt\n$/);
  assert.equal(readFileSync(join(volumes, volume, 'token'), 'utf8'), token);
  await cluster.api.deleteNamespacedPod({ namespace, name: 'robot' });
  await eventually(() => assert.equal(existsSync(volumes), false));
  using client = new ApiClient(
    cluster.kubeConfig.getCurrentCluster()?.server ?? '',
    { rejectUnauthorized: false },
    token,
  );
  assert.equal((await client.call('GET', '/api')).status, 401);
});
