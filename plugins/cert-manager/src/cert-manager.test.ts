import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Finding, KubeObject, Part } from '@epinio/core';
import { FakeKube, testPlugin } from '@epinio/core/testkit';
import { check } from './check.ts';
import { CertManagerCerts } from './cert-manager-certs.ts';
import { config, type Config } from './config.ts';
import { detect } from './find.ts';
import plugin from './index.ts';
import { issuer } from './issuers.ts';
import { valuesFor } from './values.ts';

testPlugin(plugin, {
  from: import.meta.url,
  valid: [
    {},
    { install: false },
    { email: 'ops@example.com', ingressClass: 'public', version: 'v1.14.4' },
    { chart: 'cert-manager', repository: 'https://charts.jetstack.io', values: { replicaCount: 2 } },
  ],
  invalid: [
    [{ email: 'nobody' }, /email/],
    [{ caDays: 0 }, /caDays/],
    [{ acmeServer: 'http://x' }, /acmeServer/],
  ],
});

const options = (given: object = {}): Config => config.parse(given);
const isName = (part: Part, name: string): boolean =>
  part.kind === 'manifest' && part.object.metadata.name === name;

function controller(namespace: string, args: readonly string[] = []): KubeObject[] {
  const labels = { 'app.kubernetes.io/name': 'cert-manager', 'app.kubernetes.io/component': 'controller' };
  const containers = [{ name: 'c', image: 'quay.io/jetstack/cert-manager-controller:v1.20.0', args }];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'cert-manager', namespace, labels },
      spec: { template: { spec: { containers } } },
    },
  ];
}

async function findings(
  objects: readonly KubeObject[],
  given: object = {},
  tlsIssuer = 'epinio-ca',
): Promise<readonly Finding[]> {
  await using kube = new FakeKube({ objects });
  const settings = { domain: 'a.example', namespace: 'epinio', tlsIssuer };
  const detected = await detect(kube, options(given));
  const { signal } = new AbortController();
  return await check(kube, options(given), { settings, detected, signal });
}

describe('cert-manager', () => {
  it('makes the issuers that the platform is known for, and that of an ACME authority only with an address', () => {
    const own = plugin.parts(options());
    for (const name of ['epinio-ca', 'selfsigned-issuer'])
      assert.ok(
        own.some((part) => isName(part, name)),
        name,
      );
    assert.ok(!own.some((part) => isName(part, 'letsencrypt-production')));
    const acme = plugin.parts(options({ email: 'ops@example.com' }));
    const part = acme.find((candidate) => isName(candidate, 'letsencrypt-production'));
    assert.ok(part?.kind === 'manifest');
    assert.deepEqual(part.object['spec'], {
      acme: {
        server: 'https://acme-v02.api.letsencrypt.org/directory',
        email: 'ops@example.com',
        privateKeySecretRef: { name: 'letsencrypt-production' },
        solvers: [{ http01: { ingress: { ingressClassName: 'traefik', serviceType: 'ClusterIP' } } }],
      },
    });
    assert.deepEqual(plugin.parts(options({ install: false })), []);
  });

  it('writes values in the form of the chart version', () => {
    assert.deepEqual(valuesFor(options())['crds'], { enabled: true, keep: true });
    assert.equal(valuesFor(options({ version: 'v1.14.4' }))['installCRDs'], true);
    assert.deepEqual(valuesFor(options({ version: 'v1.12.0' }))['extraArgs'], [
      '--enable-certificate-owner-ref=true',
    ]);
  });

  it('finds a cert-manager in any namespace', async () => {
    await using kube = new FakeKube({ objects: controller('security') });
    const place = 'namespace security';
    assert.deepEqual(await detect(kube, options()), { owner: 'other', place, version: 'v1.20.0' });
    assert.deepEqual(await detect(kube, options({ install: false })), { owner: 'absent' });
    await using empty = new FakeKube();
    assert.deepEqual(await detect(empty, options()), { owner: 'absent' });
  });

  it('refuses an issuer that is not there and that it does not make', async () => {
    assert.deepEqual(await findings([]), []);
    const [missing] = await findings([], {}, 'corporate');
    assert.equal(missing?.message, 'The specified cluster issuer "corporate" is missing');
    assert.deepEqual(await findings([issuer('corporate', { ca: { secretName: 'x' } })], {}, 'corporate'), []);
    const [address] = await findings([], {}, 'letsencrypt-production');
    assert.match(address?.fix ?? '', /--email-address/);
    assert.deepEqual(await findings([], { email: 'ops@example.com' }, 'letsencrypt-production'), []);
    const [skipped] = await findings([], { install: false });
    assert.equal(skipped?.code, 'CERTS_ISSUER_MISSING');
  });

  it('refuses to use a cert-manager that would not find its Secrets, and remnants of one', async () => {
    assert.deepEqual(
      await findings(controller('cert-manager', ['--cluster-resource-namespace=$(POD_NAMESPACE)'])),
      [],
    );
    const [elsewhere] = await findings(controller('security'));
    assert.equal(elsewhere?.fix, 'set components.certs.with.namespace to security');
    const definition = (annotations: Record<string, string>): KubeObject => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'certificates.cert-manager.io', annotations },
      spec: {
        group: 'cert-manager.io',
        names: { kind: 'Certificate', plural: 'certificates' },
        versions: [],
      },
    });
    const [remnant] = await findings([definition({})]);
    assert.equal(remnant?.code, 'CERT_MANAGER_REMNANT');
    const kept = {
      'meta.helm.sh/release-name': 'cert-manager',
      'meta.helm.sh/release-namespace': 'cert-manager',
    };
    assert.deepEqual(await findings([definition(kept)]), []);
  });

  it('names an issuer that does not exist, and one whose Secret is not there', async () => {
    await using kube = new FakeKube({
      objects: [issuer('own', { ca: { secretName: 'key' } }), issuer('self', { selfSigned: {} })],
    });
    const certs = new CertManagerCerts(kube, options());
    await assert.rejects(certs.trustedCa('none'), { code: 'ISSUER_NOT_FOUND' });
    await assert.rejects(certs.trustedCa('own'), { code: 'ISSUER_NOT_READY' });
    assert.equal(await certs.trustedCa('self'), undefined);
  });
});
