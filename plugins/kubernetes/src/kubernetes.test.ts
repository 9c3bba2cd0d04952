import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { KubeClient, KubeConnector, Node } from '@epinio/core';
import { testPlugin } from '@epinio/core/testkit';
import { inClusterConfig } from './in-cluster.ts';
import plugin from './index.ts';
import { readKubeconfigFiles } from './kubeconfig-files.ts';
import { KubernetesCluster } from './kubernetes-cluster.ts';
import { platformOf } from './platform.ts';

testPlugin(plugin, {
  from: import.meta.url,
  valid: [{}, { kubeconfig: '/home/me/.kube/config', context: 'dev' }],
  invalid: [[{ context: 1 }, /context/]],
});

const folder = mkdtempSync(join(tmpdir(), 'epinio-kubeconfig-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: object | string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function kubeconfig(name: string, server: string, current = name): object {
  return {
    'current-context': current,
    clusters: [{ name, cluster: { server, 'certificate-authority': 'ca.crt' } }],
    users: [{ name, user: { token: 't' } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}

/** An API server that tells this version, or fails with this. */
function connector(version: string | Error): KubeConnector {
  return async () =>
    ({
      version: async () => {
        if (version instanceof Error) throw version;
        return version;
      },
      [Symbol.asyncDispose]: async () => undefined,
    }) as Partial<KubeClient> as KubeClient;
}

describe('the kubernetes cluster', () => {
  it('merges the files of KUBECONFIG as kubectl does: the first that has a name counts', async () => {
    const first = file('a/config', kubeconfig('one', 'https://one', ''));
    const second = file('b/config', {
      ...kubeconfig('two', 'https://two'),
      clusters: [
        { name: 'one', cluster: { server: 'https://other' } },
        { name: 'two', cluster: { server: 'https://two' } },
      ],
    });
    const found = await readKubeconfigFiles(undefined, { KUBECONFIG: `${first}:${folder}/none:${second}` });
    assert.equal(found?.document['current-context'], 'two');
    assert.deepEqual(
      found.document.clusters.map((entry) => (entry['cluster'] as { server: string }).server),
      ['https://one', 'https://two'],
    );
    const [one] = found.document.clusters;
    assert.equal(
      (one?.['cluster'] as Record<string, string>)['certificate-authority'],
      join(folder, 'a/ca.crt'),
    );
  });

  it('names the file that is missing or broken', async () => {
    await assert.rejects(readKubeconfigFiles(join(folder, 'nowhere'), {}), {
      code: 'KUBECONFIG_MISSING',
      message: `There is no kubeconfig in "${join(folder, 'nowhere')}"`,
    });
    const broken = file('broken', 'clusters: [');
    await assert.rejects(readKubeconfigFiles(broken, {}), (error: Error & { code: string }) => {
      assert.equal(error.code, 'KUBECONFIG_INVALID');
      assert.match(error.message, /broken" cannot be read/);
      return true;
    });
  });

  it('says which context it speaks to, and refuses a cluster that is too old', async () => {
    const config = { kubeconfig: file('c', kubeconfig('dev', 'https://dev.example:6443')) };
    const open = (version: string | Error) =>
      new KubernetesCluster({ environment: {}, kubeConnector: connector(version) }, config);
    const { description } = await open('v1.31.2+k3s1').connection();
    assert.equal(description, `context "dev" of ${config.kubeconfig} at https://dev.example:6443`);
    await assert.rejects(open('v1.22.3').connection(), {
      code: 'CLUSTER_TOO_OLD',
      message: `The cluster (${description}) is Kubernetes v1.22.3, and 1.27 or newer is needed`,
    });
  });

  it('is the cluster of its own pod where there is a service account', () => {
    const account = join(folder, 'account');
    file('account/token', 'secret-token');
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    const found = inClusterConfig(environment, account);
    assert.match(JSON.stringify(found?.document), /https:\/\/\[fd00::1\]:6443/);
    assert.doesNotMatch(JSON.stringify(found), /secret-token/, 'the token stays in its file');
    assert.equal(inClusterConfig({}, account), undefined);
  });

  it('tells the platform by its nodes', () => {
    const node = (spec: object, version: string, labels: Record<string, string> = {}): Node => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', labels },
      spec,
      status: { nodeInfo: { kubeletVersion: version } },
    });
    assert.equal(platformOf([node({}, 'v1.35.1+k3s1')]), 'k3s');
    assert.equal(platformOf([node({ providerID: 'kind://docker/kind/kind' }, 'v1.35.1')]), 'kind');
    assert.equal(platformOf([node({}, 'v1.35.1', { 'minikube.k8s.io/name': 'm' })]), 'minikube');
    assert.equal(platformOf([node({}, 'v1.35.1')]), 'generic');
    assert.equal(platformOf([]), 'generic');
  });
});
