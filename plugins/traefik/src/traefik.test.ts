import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckContext, Finding, KubeObject } from '@epinio/core';
import { FakeKube, testPlugin } from '@epinio/core/testkit';
import { check } from './check.ts';
import { config, type Config } from './config.ts';
import { CONTROLLER, detect } from './find.ts';
import plugin from './index.ts';
import { TraefikIngress } from './traefik-ingress.ts';
import { valuesFor } from './values.ts';

testPlugin(plugin, {
  from: import.meta.url,
  valid: [
    {},
    { install: false, className: 'public' },
    { loadBalancerIP: '192.0.2.10', version: '27.0.2', values: { deployment: { kind: 'DaemonSet' } } },
    { serviceType: 'NodePort', chart: 'oci://ghcr.io/traefik/helm/traefik', defaultClass: true },
  ],
  invalid: [
    [{ loadBalancerIP: 'here' }, /loadBalancerIP/],
    [{ loadBalancerIP: '192.0.2.10', serviceType: 'NodePort' }, /needs a load balancer/],
    [{ loadBalancerIP: '192.0.2.10', install: false }, /nothing is installed/],
    [{ version: 'latest' }, /version of a chart/],
  ],
});

const settings = { domain: 'a.example', namespace: 'epinio', tlsIssuer: 'epinio-ca' };
const options = (given: object = {}): Config => config.parse(given);

function traefik(namespace: string, args: readonly string[] = []): KubeObject[] {
  const metadata = { name: 'traefik', namespace, labels: { 'app.kubernetes.io/name': 'traefik' } };
  const containers = [{ name: 'traefik', image: 'rancher/mirrored-library-traefik:3.6.12', args }];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { template: { spec: { containers } } } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: 'LoadBalancer',
        ports: [
          { name: 'web', port: 80, nodePort: 30080 },
          { name: 'websecure', port: 443, nodePort: 30443 },
        ],
      },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } },
    },
  ];
}

function ingressClass(name: string, controller = CONTROLLER): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name },
    spec: { controller },
  };
}

const REDIRECT = '--entryPoints.web.http.redirections.entryPoint.to=:443';

describe('traefik', () => {
  it('writes the redirect in the form of the chart version', () => {
    const web = (version: string): unknown =>
      (valuesFor(options({ version }))['ports'] as { readonly web: unknown }).web;
    const entryPoint = { to: 'websecure', scheme: 'https', permanent: true };
    assert.deepEqual(web('24.0.0'), { redirectTo: 'websecure' });
    assert.deepEqual(web('27.0.2'), { redirectTo: { port: 'websecure' } });
    assert.deepEqual(web('28.3.0'), { redirectTo: { port: 'websecure', permanent: true } });
    assert.deepEqual(web('34.5.0'), { redirections: { entryPoint }, allowACMEByPass: true });
    assert.deepEqual(web('41.3.0'), { http: { redirections: { entryPoint } }, allowACMEByPass: true });
  });

  it('lets the values of the configuration win, key by key', () => {
    const [, part] = plugin.parts(
      options({ values: { service: { type: 'ClusterIP' }, log: { level: 'DEBUG' } } }),
    );
    assert.ok(part?.kind === 'chart');
    assert.deepEqual(part.values['service'], { type: 'ClusterIP' });
    assert.deepEqual(part.values['log'], { level: 'DEBUG' });
    assert.notEqual(part.values['ports'], undefined);
  });

  it('takes a chart of this machine, or of a registry, without a repository', () => {
    const chartOf = (given: object) => plugin.parts(options(given)).find((part) => part.kind === 'chart');
    assert.equal(chartOf({})?.repository, 'https://traefik.github.io/charts');
    assert.equal(chartOf({ chart: './traefik-41.3.0.tgz' })?.repository, undefined);
    assert.equal(chartOf({ chart: 'oci://ghcr.io/traefik/helm/traefik' })?.repository, undefined);
  });

  it('finds a Traefik in the namespaces traefik and kube-system, and in no other', async () => {
    for (const namespace of ['traefik', 'kube-system']) {
      await using kube = new FakeKube({ objects: traefik(namespace) });
      const place = `namespace ${namespace}`;
      assert.deepEqual(await detect(kube, options()), { owner: 'other', place, version: '3.6.12' });
    }
    await using kube = new FakeKube({ objects: traefik('elsewhere') });
    assert.deepEqual(await detect(kube, options()), { owner: 'absent' });
    await using other = new FakeKube({ objects: [ingressClass('nginx', 'k8s.io/ingress-nginx')] });
    assert.deepEqual(await detect(other, options()), { owner: 'absent' });
  });

  it('reads its address and its workloads from the cluster, wherever it is said to be', async () => {
    await using kube = new FakeKube({ objects: traefik('elsewhere') });
    const found = new TraefikIngress(kube, options({ install: false }));
    assert.deepEqual(await found.address(), { host: '192.0.2.7', httpPort: 80, httpsPort: 443 });
    assert.deepEqual(await found.workloads(), [
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'elsewhere', name: 'traefik' },
    ]);
    const none = new TraefikIngress(kube, options());
    assert.deepEqual(await none.address(), { httpPort: 80, httpsPort: 443 });
    assert.deepEqual(await none.workloads(), []);
  });

  describe('checks the cluster', () => {
    const findings = async (
      objects: readonly KubeObject[],
      given: object = {},
    ): Promise<readonly Finding[]> => {
      await using kube = new FakeKube({ objects });
      const { signal } = new AbortController();
      const context: CheckContext = { settings, detected: await detect(kube, options(given)), signal };
      return await check(kube, options(given), context);
    };
    const codes = async (...args: Parameters<typeof findings>): Promise<string[]> =>
      (await findings(...args)).map(({ severity, code }) => `${severity} ${code}`);

    it('has nothing to say of an empty one, nor of one whose Traefik redirects', async () => {
      assert.deepEqual(await codes([]), []);
      assert.deepEqual(await codes([...traefik('traefik', [REDIRECT]), ingressClass('traefik')]), []);
    });

    it('says how to mend a Traefik that does not redirect, since it is not changed', async () => {
      const inSystem = await findings([...traefik('kube-system'), ingressClass('traefik')]);
      assert.deepEqual(
        inSystem.map(({ code }) => code),
        ['TRAEFIK_NO_REDIRECT'],
      );
      assert.match(inSystem[0]?.fix ?? '', /HelmChartConfig "traefik" in namespace "kube-system"/);
      const [own] = await findings([...traefik('traefik'), ingressClass('traefik')]);
      assert.match(own?.fix ?? '', /upgrade its release/);
    });

    it('warns when nothing serves the class, and refuses one of another name', async () => {
      assert.deepEqual(await codes([], { install: false }), ['warning TRAEFIK_CLASS_MISSING']);
      const [named] = await findings([ingressClass('public')], { install: false });
      assert.equal(named?.severity, 'error');
      assert.match(named.fix ?? '', /className to public/);
    });

    it('refuses a class that is taken, unless the release that has it is ours', async () => {
      assert.deepEqual(await codes([ingressClass('traefik', 'example.com/x')]), [
        'error TRAEFIK_CLASS_TAKEN',
      ]);
      const [hidden] = await findings([ingressClass('traefik')]);
      assert.match(hidden?.fix ?? '', /--skip-traefik/);
      const annotations = {
        'meta.helm.sh/release-name': 'traefik',
        'meta.helm.sh/release-namespace': 'traefik',
      };
      const own = ingressClass('traefik');
      assert.deepEqual(await codes([{ ...own, metadata: { ...own.metadata, annotations } }]), []);
    });

    it('warns of a second default class, and of an address that nobody is asked for', async () => {
      const nginx = ingressClass('nginx', 'k8s.io/ingress-nginx');
      const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
      const other = { ...nginx, metadata: { ...nginx.metadata, annotations } };
      assert.deepEqual(await codes([other]), []);
      assert.deepEqual(await codes([other], { defaultClass: true }), ['warning TRAEFIK_TWO_DEFAULTS']);
      const used = [...traefik('traefik', [REDIRECT]), ingressClass('traefik')];
      assert.deepEqual(await codes(used, { loadBalancerIP: '192.0.2.10' }), [
        'warning TRAEFIK_ADDRESS_IGNORED',
      ]);
    });
  });
});
