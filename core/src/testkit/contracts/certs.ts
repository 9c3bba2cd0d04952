import assert from 'node:assert/strict';
import { randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { CertificateRequest, Certs } from '../../contracts/certs.ts';
import { hasCode } from '../../kernel/errors.ts';
import type { Secret } from '../../kube/kinds.ts';
import type { Kube } from '../../ports/kube.ts';
import { eventually } from '../eventually.ts';

/** A certificate component that runs, and the cluster that it works in. */
export interface CertsContext extends AsyncDisposable {
  readonly certs: Certs;
  readonly kube: Kube;
  /** A ClusterIssuer that signs with an authority of its own. */
  readonly issuer: string;
}

const MANAGER = { fieldManager: 'epinio/kit' };

/** What every `Certs` has to do: certificates appear in Secrets, and clients that trust the authority accept them. */
export function testCerts(name: string, open: () => Promise<CertsContext>): void {
  describe(`certs contract: ${name}`, { timeout: 60_000 }, () => {
    const namespace = `kit-certs-${randomBytes(4).toString('hex')}`;
    let context: CertsContext;

    before(async () => {
      context = await open();
      await context.kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    });
    after(async () => {
      await context.kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
      await context[Symbol.asyncDispose]();
    });

    const request = (certificate: string, rest: Partial<CertificateRequest> = {}): CertificateRequest => ({
      name: certificate,
      namespace,
      dnsNames: [`${certificate}.kit.example`],
      secretName: `${certificate}-tls`,
      issuer: context.issuer,
      labels: { 'app.kubernetes.io/name': certificate },
      ...rest,
    });
    const put = async (wanted: CertificateRequest): Promise<void> => {
      for (const object of context.certs.certificateObjects(wanted))
        await context.kube.apply(object, MANAGER);
    };
    const files = async (secret: string): Promise<Record<'tls.crt' | 'tls.key' | 'ca.crt', string>> => {
      const found = await context.kube.get<Secret>({
        apiVersion: 'v1',
        kind: 'Secret',
        namespace,
        name: secret,
      });
      const file = (key: string): string => Buffer.from(found?.data?.[key] ?? '', 'base64').toString();
      return { 'tls.crt': file('tls.crt'), 'tls.key': file('tls.key'), 'ca.crt': file('ca.crt') };
    };
    const issued = async (secret: string, dnsName: string): Promise<Awaited<ReturnType<typeof files>>> => {
      await eventually(async () => {
        const { 'tls.crt': certificate } = await files(secret);
        assert.ok(
          certificate !== '' && new X509Certificate(certificate).checkHost(dnsName) !== undefined,
          'not issued yet',
        );
      });
      return files(secret);
    };

    it('is pure: the same request gives the same objects, named and labelled as asked', () => {
      const objects = context.certs.certificateObjects(request('pure'));
      assert.deepEqual(context.certs.certificateObjects(request('pure')), objects);
      assert.ok(objects.length > 0, 'objects.length > 0');
      for (const { metadata } of objects) {
        assert.equal(metadata.namespace, namespace);
        assert.equal(metadata.labels?.['app.kubernetes.io/name'], 'pure');
      }
    });

    it('puts a certificate into a Secret that TLS clients accept who trust the authority', async () => {
      await put(request('web', { ipAddresses: ['127.0.0.1'] }));
      const { 'tls.crt': cert, 'tls.key': key } = await issued('web-tls', 'web.kit.example');
      const ca = await context.certs.trustedCa(context.issuer);
      assert.ok(ca, 'ca');
      const server = createServer({ cert, key }, (socket) => socket.end('hello')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const { port } = server.address() as AddressInfo;
        for (const target of [{ servername: 'web.kit.example' }, {}]) {
          const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, ...target });
          await once(socket, 'secureConnect');
          assert.equal(socket.authorized, true);
          socket.destroy();
        }
        const stranger = connect({ host: '127.0.0.1', port, ca, servername: 'other.kit.example' });
        const [error] = (await once(stranger, 'error')) as [NodeJS.ErrnoException];
        assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
      } finally {
        server.close();
      }
    });

    it('issues anew when the names change, and when the Secret is lost', async () => {
      await put(request('anew'));
      const first = await issued('anew-tls', 'anew.kit.example');
      await put(request('anew', { dnsNames: ['other.kit.example'] }));
      const second = await issued('anew-tls', 'other.kit.example');
      assert.notEqual(second['tls.crt'], first['tls.crt']);
      await context.kube.delete({ apiVersion: 'v1', kind: 'Secret', namespace, name: 'anew-tls' });
      const third = await issued('anew-tls', 'other.kit.example');
      assert.notEqual(third['tls.crt'], second['tls.crt']);
    });

    it('leaves a certificate alone that fits', async () => {
      await put(request('same'));
      const first = await issued('same-tls', 'same.kit.example');
      await put(request('same'));
      await put(request('later'));
      await issued('later-tls', 'later.kit.example');
      assert.deepEqual(await files('same-tls'), first);
    });

    it('names an issuer that does not exist', async () => {
      await assert.rejects(context.certs.trustedCa('no-such-issuer'), (error) =>
        hasCode(error, 'ISSUER_NOT_FOUND'),
      );
    });
  });
}
