import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, createServer } from 'node:tls';
import { createInformers, type Clock, type KubeObject, type Secret } from '@epinio/core';
import {
  eventually,
  FakeKube,
  FakeLog,
  systemClock,
  testCerts,
  testPlugin,
  type CertsContext,
} from '@epinio/core/testkit';
import { config } from './config.ts';
import { EmbeddedCerts } from './embedded-certs.ts';
import plugin from './index.ts';
import { CERTIFICATES, CLUSTER_ISSUERS, type Certificate, type Issuer } from './kinds.ts';
import { parts } from './resources.ts';

testPlugin(plugin, {
  from: import.meta.url,
  valid: [{}, { namespace: 'certs', caDays: 30 }],
  invalid: [
    [{ namespace: 'Not A Name' }, /namespace/],
    [{ days: 3 }, /days/],
  ],
});

async function open(clock: Clock = systemClock): Promise<CertsContext & { readonly kube: FakeKube }> {
  const kube = new FakeKube();
  const log = new FakeLog();
  const settings = config.parse({});
  for (const part of parts(settings))
    if (part.kind === 'manifest') await kube.apply(part.object, { fieldManager: 'epinio/test' });
  const informers = createInformers(kube, { log, clock: systemClock });
  const certs = new EmbeddedCerts({ kube, informers, log, clock }, settings);
  const stop = new AbortController();
  let stopped = Promise.resolve();
  await new Promise<void>((ready, fail) => {
    stopped = certs.run({ signal: stop.signal, ready });
    stopped.catch(fail);
  });
  await eventually(async () =>
    assert.equal(await readyMessage(kube, CLUSTER_ISSUERS, 'epinio-ca'), 'True Signing CA verified'),
  );
  return {
    certs,
    kube,
    issuer: 'epinio-ca',
    async [Symbol.asyncDispose]() {
      stop.abort();
      await stopped;
      await informers.close();
    },
  };
}

async function readyMessage(
  kube: FakeKube,
  kind: { apiVersion: string; kind: string },
  name: string,
  namespace?: string,
): Promise<string> {
  const object = await kube.get<Issuer>({ ...kind, name, ...(namespace === undefined ? {} : { namespace }) });
  const ready = object?.status?.conditions?.find(({ type }) => type === 'Ready');
  return `${ready?.status ?? ''} ${ready?.message ?? ''}`;
}

const secretOf = (kube: FakeKube, name: string, namespace = 'default'): Promise<Secret | undefined> =>
  kube.get<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace, name });
const file = (secret: Secret | undefined, name: string): string =>
  Buffer.from(secret?.data?.[name] ?? '', 'base64').toString();

function certificate(name: string, spec: Partial<Certificate['spec']> = {}): Certificate {
  return {
    ...CERTIFICATES,
    metadata: { name, namespace: 'default' },
    spec: {
      secretName: `${name}-tls`,
      dnsNames: [`${name}.example`],
      issuerRef: { name: 'epinio-ca', kind: 'ClusterIssuer' },
      ...spec,
    },
  };
}

testCerts('embedded-certs', open);

describe('embedded-certs', () => {
  it('makes chains that openssl verifies', async (t) => {
    await using context = await open();
    const { kube, certs } = context;
    await kube.create(
      certificate('web', {
        privateKey: { algorithm: 'ECDSA', size: 256 },
        usages: ['digital signature', 'server auth'],
      }),
    );
    await kube.create(certificate('rsa', { privateKey: { algorithm: 'RSA', size: 2048 } }));
    await eventually(async () =>
      assert.ok((await secretOf(kube, 'web-tls')) && (await secretOf(kube, 'rsa-tls')), 'not there yet'),
    );
    const folder = mkdtempSync(join(tmpdir(), 'epinio-certs-'));
    try {
      writeFileSync(join(folder, 'ca.pem'), (await certs.trustedCa('epinio-ca')) ?? '');
      for (const name of ['web', 'rsa']) {
        writeFileSync(join(folder, 'leaf.pem'), file(await secretOf(kube, `${name}-tls`), 'tls.crt'));
        const args = [
          'verify',
          '-x509_strict',
          '-purpose',
          'sslserver',
          '-verify_hostname',
          `${name}.example`,
        ];
        const said = execFileSync('openssl', [...args, '-CAfile', 'ca.pem', 'leaf.pem'], {
          cwd: folder,
          encoding: 'utf8',
        });
        assert.match(said, /leaf\.pem: OK/);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || process.env['CI'] === 'true') throw error;
      t.skip('SKIPPED: needs openssl on PATH');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('renews in time, with a new key', async () => {
    const clock = new ShiftedClock();
    await using context = await open(clock);
    const { kube } = context;
    await kube.create(certificate('web', { duration: '24h', renewBefore: '8h' }));
    await eventually(async () => assert.ok(await secretOf(kube, 'web-tls'), 'not there yet'));
    const first = await secretOf(kube, 'web-tls');
    clock.shiftMs = 15 * 3_600_000;
    await kube.patch(
      { ...CERTIFICATES, namespace: 'default', name: 'web' },
      { type: 'merge', patch: { metadata: { labels: { look: 'early' } } } },
    );
    await eventually(async () =>
      assert.equal(
        await readyMessage(kube, CERTIFICATES, 'web', 'default'),
        'True Certificate is up to date and has not expired',
      ),
    );
    assert.equal(file(await secretOf(kube, 'web-tls'), 'tls.crt'), file(first, 'tls.crt'));
    clock.shiftMs = 17 * 3_600_000;
    await kube.patch(
      { ...CERTIFICATES, namespace: 'default', name: 'web' },
      { type: 'merge', patch: { metadata: { labels: { look: 'late' } } } },
    );
    await eventually(async () =>
      assert.notEqual(file(await secretOf(kube, 'web-tls'), 'tls.crt'), file(first, 'tls.crt')),
    );
    assert.notEqual(file(await secretOf(kube, 'web-tls'), 'tls.key'), file(first, 'tls.key'));
    await eventually(async () => {
      const found = await kube.get<Certificate>({ ...CERTIFICATES, namespace: 'default', name: 'web' });
      assert.equal(found?.status?.revision, 2);
    });
  });

  it('signs anew what an authority has signed that was replaced', async () => {
    await using context = await open();
    const { kube, certs } = context;
    await kube.create(certificate('web'));
    await eventually(async () => assert.ok(await secretOf(kube, 'web-tls'), 'not there yet'));
    await kube.delete({
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: 'cert-manager',
      name: 'epinio-ca-root',
    });
    await eventually(async () => {
      const ca = await certs.trustedCa('epinio-ca');
      const leaf = new X509Certificate(file(await secretOf(kube, 'web-tls'), 'tls.crt'));
      assert.ok(ca !== undefined && leaf.verify(new X509Certificate(ca).publicKey), 'not signed anew yet');
    });
  });

  it('sends the whole chain below the root when the issuer is an authority signed by another', async () => {
    await using context = await open();
    const { kube, certs } = context;
    const middle = { secretName: 'middle', commonName: 'middle', isCA: true, dnsNames: [] } as const;
    await kube.create({
      ...certificate('middle', middle),
      metadata: { name: 'middle', namespace: 'cert-manager' },
    });
    await kube.create({
      ...CLUSTER_ISSUERS,
      metadata: { name: 'middle' },
      spec: { ca: { secretName: 'middle' } },
    });
    await kube.create(certificate('web', { issuerRef: { name: 'middle', kind: 'ClusterIssuer' } }));
    await eventually(async () => assert.ok(await secretOf(kube, 'web-tls'), 'not there yet'));
    const secret = await secretOf(kube, 'web-tls');
    const root = await certs.trustedCa('epinio-ca');
    assert.equal(await certs.trustedCa('middle'), root);
    assert.equal(file(secret, 'ca.crt'), root);
    const server = createServer({ cert: file(secret, 'tls.crt'), key: file(secret, 'tls.key') });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const trusting = root === undefined ? {} : { ca: root };
    const socket = connect({ host: '127.0.0.1', port, servername: 'web.example', ...trusting });
    await once(socket, 'secureConnect');
    socket.destroy();
    server.close();
  });

  it('issues anew when usages or duration change, and only then; labels follow without it', async () => {
    await using context = await open();
    const { kube } = context;
    const put = (spec: Partial<Certificate['spec']>): Promise<Certificate> =>
      kube.apply(certificate('web', spec), { fieldManager: 'epinio/test' });
    await put({ secretTemplate: { labels: { team: 'a', old: 'yes' } } });
    await eventually(async () => assert.ok(await secretOf(kube, 'web-tls'), 'not there yet'));
    const first = await secretOf(kube, 'web-tls');
    await put({ secretTemplate: { labels: { team: 'b' } }, renewBefore: '1h' });
    await eventually(async () => {
      const { labels } = (await secretOf(kube, 'web-tls'))?.metadata ?? {};
      assert.deepEqual([labels?.['team'], labels?.['old']], ['b', undefined]);
    });
    assert.equal(file(await secretOf(kube, 'web-tls'), 'tls.crt'), file(first, 'tls.crt'));
    await put({ usages: ['digital signature', 'client auth'], duration: '48h' });
    await eventually(async () => {
      const leaf = new X509Certificate(file(await secretOf(kube, 'web-tls'), 'tls.crt'));
      assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2']);
      assert.ok(
        Date.parse(leaf.validTo) < Date.now() + 49 * 3_600_000,
        'Date.parse(leaf.validTo) < Date.now() + 49 * 3_600_000',
      );
    });
  });

  const told: readonly [string, KubeObject, RegExp][] = [
    [
      'an issuer that does not exist',
      certificate('a', { issuerRef: { name: 'none', kind: 'ClusterIssuer' } }),
      /ClusterIssuer "none" does not exist/,
    ],
    [
      'an issuer of a namespace',
      certificate('b', { issuerRef: { name: 'none' } }),
      /Issuer "none" in namespace "default" does not exist/,
    ],
    [
      'a duration that is none',
      certificate('c', { duration: 'long' }),
      /spec.duration: "long" is not a duration such as 2160h/,
    ],
    [
      'no name at all',
      certificate('d', { dnsNames: [] }),
      /at least one of commonName, dnsNames and ipAddresses/,
    ],
  ];
  for (const [what, object, message] of told) {
    it(`says in the status what is wrong: ${what}`, async () => {
      await using context = await open();
      await context.kube.create(object);
      await eventually(async () =>
        assert.match(
          await readyMessage(context.kube, CERTIFICATES, object.metadata.name, 'default'),
          message,
        ),
      );
      assert.equal(await secretOf(context.kube, `${object.metadata.name}-tls`), undefined);
    });
  }

  it('says that it is issuing until it is done, then when the certificate ends and is renewed', async () => {
    await using context = await open();
    const { kube } = context;
    await kube.create(certificate('web', { issuerRef: { name: 'later', kind: 'ClusterIssuer' } }));
    const statusOf = async (): Promise<NonNullable<Certificate['status']>> =>
      (await kube.get<Certificate>({ ...CERTIFICATES, namespace: 'default', name: 'web' }))?.status ?? {};
    const typesOf = async (): Promise<readonly string[] | undefined> =>
      (await statusOf()).conditions?.map(({ type, status }) => `${type}=${status}`);
    await eventually(async () => assert.deepEqual(await typesOf(), ['Ready=False', 'Issuing=True']));
    await kube.create({ ...CLUSTER_ISSUERS, metadata: { name: 'later' }, spec: { selfSigned: {} } });
    await eventually(async () => assert.deepEqual(await typesOf(), ['Ready=True']));
    const { notBefore = '', notAfter = '', renewalTime = '', revision } = await statusOf();
    assert.equal(revision, 1);
    assert.ok(
      Date.parse(notBefore) < Date.parse(renewalTime) && Date.parse(renewalTime) < Date.parse(notAfter),
      'Date.parse(notBefore) < Date.parse(renewalTime) && Date.parse(renewalTime) < Date.parse...',
    );
  });

  it("leaves someone else's Secret alone", async () => {
    await using context = await open();
    const { kube } = context;
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'web-tls', namespace: 'default' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': 'eA==', 'tls.key': 'eA==' },
    };
    await kube.create(secret);
    await kube.create(certificate('web'));
    await eventually(async () =>
      assert.match(
        await readyMessage(kube, CERTIFICATES, 'web', 'default'),
        /holds data that no Certificate made/,
      ),
    );
    assert.equal(file(await secretOf(kube, 'web-tls'), 'tls.crt'), 'x');
  });

  it('says of an ACME issuer that it is not served here', async () => {
    await using context = await open();
    await context.kube.create({ ...CLUSTER_ISSUERS, metadata: { name: 'letsencrypt' }, spec: { acme: {} } });
    await eventually(async () =>
      assert.match(await readyMessage(context.kube, CLUSTER_ISSUERS, 'letsencrypt'), /asks for acme/),
    );
  });
});

class ShiftedClock implements Clock {
  shiftMs = 0;
  now(): number {
    return Date.now() + this.shiftMs;
  }
  elapsed(): number {
    return performance.now();
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }
}
