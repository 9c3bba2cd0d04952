import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readRecord } from '@epinio/core';
import { eventually, needProgram } from '@epinio/core/testkit';
import { startIssuing, type Issuing } from '../support/issuing.ts';
import { openSimulatedCluster, type SimulatedCluster } from '../support/simulated-cluster.ts';
import { User } from '../support/user.ts';

const chart = (plugin: string): string =>
  resolve(import.meta.dirname, `../../plugins/${plugin}/test/charts/${plugin}`);

const components = {
  cluster: 'kubernetes',
  ingress: { use: 'traefik', with: { chart: chart('traefik') } },
  mesh: 'no-mesh',
  certs: { use: 'cert-manager', with: { chart: chart('cert-manager') } },
  secretSync: 'embedded-secret-sync',
  storage: 'embedded-storage',
  registry: 'embedded-registry',
  builder: 'embedded-builder',
};

describe('installing on a cluster that is there', { timeout: 300_000 }, () => {
  let cluster: SimulatedCluster;
  let user: User;
  let issuing: Issuing;
  let untouched: readonly string[];

  before(async () => {
    cluster = await openSimulatedCluster();
    user = new User();
    user.extraEnv = { KUBECONFIG: cluster.kubeconfig };
    untouched = await everything();
    await writeConfig(components);
    issuing = await startIssuing(cluster.kube);
  });
  after(async () => {
    await issuing[Symbol.asyncDispose]();
    await user[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  const writeConfig = (chosen: object): Promise<void> =>
    writeFile(
      join(user.folder, 'epinio.config.json'),
      JSON.stringify({ api: 'epinio/v1', domain: 'apps.example.com', components: chosen }),
    );

  /** All objects of the kinds that an install makes, but those that the cluster makes of itself all the time. */
  async function everything(): Promise<readonly string[]> {
    const kinds = [
      ['v1', ['Namespace', 'Secret', 'ConfigMap', 'Service', 'ServiceAccount', 'PersistentVolumeClaim']],
      ['apps/v1', ['Deployment', 'DaemonSet', 'StatefulSet']],
      ['networking.k8s.io/v1', ['Ingress', 'IngressClass']],
      ['apiextensions.k8s.io/v1', ['CustomResourceDefinition']],
      ['rbac.authorization.k8s.io/v1', ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']],
      ['admissionregistration.k8s.io/v1', ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']],
    ] as const;
    const refs = kinds.flatMap(([apiVersion, names]) => names.map((kind) => ({ apiVersion, kind })));
    const lists = await Promise.all(
      refs.map(async (ref) => {
        const { items } = await cluster.kube.list(ref);
        return items.map(({ metadata }) => `${ref.kind} ${metadata.namespace ?? ''}/${metadata.name}`);
      }),
    );
    return lists.flat().toSorted();
  }

  const versions = async (): Promise<readonly string[]> => {
    const { items } = await cluster.kube.list({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: 'epinio',
    });
    return items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion ?? ''}`);
  };

  it('prints the plan, and changes nothing', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const { code, stdout, stderr } = await user.run(['install', '--dry-run']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Cluster: context ".+" of .+ at https:\/\/127\.0\.0\.1:\d+/);
    assert.match(stdout, /\+ create {2}traefik {2}chart "traefik" in namespace "traefik"/);
    assert.deepEqual(await everything(), untouched);
  });

  it('touches nothing without a profile, a config file or an answer', async () => {
    const { code, stderr } = await user.run(['install'], { cwd: '/' });
    assert.equal(code, 2, stderr);
    assert.deepEqual(await everything(), untouched);
  });

  it('installs, says where the ingress is, and the second time has nothing to do', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const first = await user.run(['install']);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /✔ traefik\n/);
    assert.match(first.stderr, /✔ cert-manager\n/);
    const issuers = await cluster.kube.list({ apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer' });
    assert.deepEqual(
      issuers.items.map(({ metadata }) => metadata.name),
      ['epinio-ca', 'selfsigned-issuer'],
    );
    assert.match(first.stdout, /Point \*\.apps\.example\.com to \d+\.\d+\.\d+\.\d+\./);
    const record = await readRecord(cluster.kube, 'epinio');
    assert.equal(record?.state, 'installed');
    assert.ok(record.components.every(({ state }) => state === 'ready'));
    const before = await versions();
    const second = await user.run(['install']);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(await versions(), before, 'not even the record was written');
    assert.match((await user.run(['install', '--dry-run'])).stdout, /^\d+ unchanged\n$/);
  });

  it('shows the components, whose they are, and what one of them lacks', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const shown = await user.run(['components']);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /\| ingress +\| traefik +\| v3\.7\.11 +\| epinio \| ready +\|/);
    assert.match(shown.stdout, /\| certs +\| cert-manager +\| v1\.21\.1 +\| epinio \| ready +\|/);
    const issuer = { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', name: 'selfsigned-issuer' };
    await cluster.kube.delete(issuer);
    const sick = await user.run(['components', '--output', 'json']);
    assert.equal(sick.code, 1);
    const statuses = JSON.parse(sick.stdout) as readonly { id: string; isHealthy: boolean; why?: string }[];
    assert.deepEqual(
      statuses.filter(({ isHealthy }) => !isHealthy).map(({ id, why }) => [id, why]),
      [['cert-manager', 'ClusterIssuer "selfsigned-issuer" is missing']],
    );
    const mended = await user.run(['install']);
    assert.equal(mended.code, 0, mended.stderr);
    assert.equal((await user.run(['components'])).code, 0);
  });

  it('goes on after an installer that was killed', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const values = { deployment: { replicas: 2 } };
    await writeConfig({
      ...components,
      ingress: { use: 'traefik', with: { chart: chart('traefik'), values } },
    });
    const killed = await user.run(['install'], {
      onStart: (child) => void child.stderr?.once('data', () => setTimeout(() => child.kill('SIGKILL'), 150)),
    });
    assert.notEqual(killed.code, 0);
    const again = await user.run(['install']);
    assert.equal(again.code, 0, again.stderr);
    const traefik = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'traefik', name: 'traefik' };
    const spec = (await cluster.kube.get(traefik))?.['spec'] as { readonly replicas: number };
    assert.equal(spec.replicas, 2);
  });

  it('asks before it uninstalls, then leaves the cluster as it was', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const asked = await user.run(['uninstall']);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /from context ".+" of .+ at https.+Are you sure\?/);
    const { code, stdout, stderr } = await user.run(['uninstall', '--yes']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Removed: \d+ recorded parts; the cluster has none of them\./);
    assert.deepEqual(await everything(), untouched);
    const again = await user.run(['uninstall', '--yes']);
    assert.match(again.stderr, /Nothing is installed on context/);
  });

  it('uses a cert-manager that is there, and takes only its own issuers away again', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const env = { KUBECONFIG: cluster.kubeconfig, PATH: process.env['PATH'], HOME: user.folder };
    const helm = (...args: string[]): Promise<unknown> => promisify(execFile)('helm', args, { env });
    await helm(
      ...['install', 'cert-manager', chart('cert-manager'), '--namespace', 'cert-manager'],
      ...['--create-namespace', '--set', 'crds.enabled=true'],
    );
    const adopted = await everything();
    const installed = await user.run(['install']);
    assert.equal(installed.code, 0, installed.stderr);
    const issuers = { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer' };
    assert.equal((await cluster.kube.list(issuers)).items.length, 2);
    const removed = await user.run(['uninstall', '--yes']);
    assert.equal(removed.code, 0, removed.stderr);
    assert.match(removed.stdout, /Left as it was: .*component "cert-manager"/);
    assert.deepEqual((await cluster.kube.list(issuers)).items, []);
    assert.deepEqual(
      (await everything()).filter((object) => !/epinio-ca-root/.test(object)),
      adopted,
    );
    await helm('uninstall', 'cert-manager', '--namespace', 'cert-manager', '--wait');
    for (const kind of ['certificates', 'issuers', 'clusterissuers']) {
      const name = `${kind}.cert-manager.io`;
      await cluster.kube.delete({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        name,
      });
    }
    await cluster.kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'cert-manager' });
    await eventually(async () => assert.deepEqual(await everything(), untouched));
  });

  it('refuses an issuer that is not there, before anything is touched', async () => {
    const refused = await user.run(['install', '--tls-issuer', 'corporate']);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /The specified cluster issuer "corporate" is missing\nfix: create it first/);
    assert.deepEqual(await everything(), untouched);
  });

  it('installs no Traefik when told to skip it, and warns when nothing serves its class', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const { code, stdout, stderr } = await user.run(['install', '--dry-run', '--skip-traefik']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /! traefik: No IngressClass of Traefik exists/);
    assert.doesNotMatch(stdout, /chart "traefik"/);
  });

  it('uses a Traefik that is there, and leaves it and its namespace untouched', async (t) => {
    if (needProgram(t, 'helm', 'install charts') === undefined) return;
    const traefik = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'traefik',
        namespace: 'kube-system',
        labels: { 'app.kubernetes.io/name': 'traefik' },
      },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { containers: [{ name: 'traefik', image: 'traefik:v3.6.12' }] },
        },
      },
    };
    await cluster.kube.create(traefik);
    await cluster.kube.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'traefik' },
      spec: { controller: 'traefik.io/ingress-controller' },
    });
    const adopted = await everything();
    const plan = await user.run(['install', '--dry-run']);
    assert.match(plan.stdout, /= adopt {3}traefik {2}as it is in namespace kube-system, version v3\.6\.12/);
    const installed = await user.run(['install']);
    assert.equal(installed.code, 0, installed.stderr);
    assert.match(installed.stderr, /! traefik: The Traefik in namespace "kube-system".+does not redirect/);
    assert.equal(await cluster.kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'traefik' }), undefined);
    const removed = await user.run(['uninstall', '--yes']);
    assert.equal(removed.code, 0, removed.stderr);
    assert.match(removed.stdout, /Left as it was: .*component "traefik"/);
    assert.deepEqual(await everything(), adopted);
  });
});
