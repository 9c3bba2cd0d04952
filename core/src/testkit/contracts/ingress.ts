import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import type { Ingress, Route } from '../../contracts/ingress.ts';
import type { KubeObject } from '../../kernel/component.ts';
import type { Kube } from '../../ports/kube.ts';
import { eventually } from '../eventually.ts';
import { openPublic, type PublicRequest, type PublicResponse, requestPublic } from '../https-request.ts';
import { selfSigned, type TestCertificate } from '../self-signed.ts';

/** An ingress that serves, and the cluster that it watches. */
export interface IngressContext extends AsyncDisposable {
  readonly ingress: Ingress;
  readonly kube: Kube;
  /** Where the ingress reaches servers that listen in this process; default 127.0.0.1. */
  readonly backendAddress?: string;
}

const MANAGER = { fieldManager: 'epinio/kit' };

/**
 * What every `Ingress` has to do: routes that are applied to the cluster are served over HTTPS from a real
 * server, and no more when they are deleted.
 * @param open gives a serving implementation; it is disposed at the end.
 */
export function testIngress(name: string, open: () => Promise<IngressContext>): void {
  describe(`ingress contract: ${name}`, { timeout: 60_000 }, () => {
    const namespace = `kit-${randomBytes(4).toString('hex')}`;
    const domain = `${namespace}.example`;
    const stops: (() => Promise<void>)[] = [];
    let context: IngressContext;
    let tls: TestCertificate;

    before(async () => {
      context = await open();
      tls = selfSigned(`*.${domain}`);
      await context.kube.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await putCertificate('tls', tls);
    });

    after(async () => {
      await context.kube.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
      await context[Symbol.asyncDispose]();
      for (const stop of stops) await stop();
    });

    const routeTo = (service: string, rest: Partial<Route> = {}): Route => ({
      name: service,
      namespace,
      host: `${service}.${domain}`,
      path: '/',
      service: { name: service, port: 8080 },
      tlsSecret: 'tls',
      labels: { 'app.kubernetes.io/name': service },
      ...rest,
    });

    async function putCertificate(secret: string, { certificate, key }: TestCertificate): Promise<void> {
      const data = { 'tls.crt': certificate, 'tls.key': key };
      await context.kube.apply(
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: secret, namespace },
          type: 'kubernetes.io/tls',
          data: Object.fromEntries(
            Object.entries(data).map(([k, v]) => [k, Buffer.from(v).toString('base64')]),
          ),
        },
        MANAGER,
      );
    }

    /** A Service whose only instance is a server in this process. */
    async function serve(
      service: string,
      listener: RequestListener,
    ): Promise<ReturnType<typeof createServer>> {
      const server = createServer(listener).listen(
        0,
        context.backendAddress === undefined ? '127.0.0.1' : '0.0.0.0',
      );
      await once(server, 'listening');
      stops.push(async () => {
        server.close();
        server.closeAllConnections();
      });
      await context.kube.apply(
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: service, namespace },
          spec: { ports: [{ name: 'http', port: 8080, targetPort: 8080, protocol: 'TCP' }] },
        },
        MANAGER,
      );
      await pointTo(service, (server.address() as AddressInfo).port);
      return server;
    }

    async function pointTo(service: string, port: number): Promise<void> {
      await context.kube.apply(
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: { name: `${service}-1`, namespace, labels: { 'kubernetes.io/service-name': service } },
          addressType: 'IPv4',
          ports: [{ name: 'http', port, protocol: 'TCP' }],
          endpoints: [{ addresses: [context.backendAddress ?? '127.0.0.1'], conditions: { ready: true } }],
        },
        MANAGER,
      );
    }

    async function publish(route: Route): Promise<readonly KubeObject[]> {
      const objects = context.ingress.routeObjects(route);
      for (const object of objects) await context.kube.apply(object, MANAGER);
      return objects;
    }

    async function remove(objects: readonly KubeObject[]): Promise<void> {
      for (const { apiVersion, kind, metadata } of objects) {
        await context.kube.delete({ apiVersion, kind, namespace, name: metadata.name });
      }
    }

    async function https(): Promise<PublicRequest> {
      const { host = '127.0.0.1', httpsPort } = await context.ingress.address();
      return { connectTo: { host, port: httpsPort }, ca: tls.certificate };
    }

    async function get(url: string, options: Partial<PublicRequest> = {}): Promise<PublicResponse> {
      return requestPublic(url, { ...(await https()), ...options });
    }

    /** Asks until the answer is the wished-for one: routes take effect a moment after they are applied. */
    async function until(url: string, status: number, body?: string): Promise<PublicResponse> {
      return eventually(async () => {
        const response = await get(url);
        assert.equal(response.status, status, response.body);
        if (body !== undefined) assert.equal(response.body, body);
        return response;
      });
    }

    it('makes the same objects for the same route: named, labelled and placed as it says', () => {
      const route = routeTo('pure', { annotations: { 'example.com/note': 'x' } });
      const objects = context.ingress.routeObjects(route);
      assert.deepEqual(context.ingress.routeObjects(route), objects);
      assert.ok(objects.length > 0, 'objects.length > 0');
      for (const { metadata } of objects) {
        assert.equal(metadata.namespace, namespace);
        assert.equal(metadata.labels?.['app.kubernetes.io/name'], 'pure');
        assert.equal(metadata.annotations?.['example.com/note'], 'x');
      }
      assert.ok(
        objects.some(({ metadata }) => metadata.name === 'pure'),
        "objects.some(({ metadata }) => metadata.name === 'pure')",
      );
    });

    it('says where clients reach it', async () => {
      const { host, httpPort, httpsPort } = await context.ingress.address();
      assert.notEqual(httpPort, httpsPort);
      for (const port of [httpPort, httpsPort])
        assert.ok(port > 0 && port < 65_536, 'port > 0 && port < 65_536');
      assert.ok(
        host === undefined || isIP(host) !== 0 || /^[a-z0-9.-]+$/i.test(host),
        'host === undefined || isIP(host) !== 0 || /^[a-z0-9.-]+$/i.test(host)',
      );
      assert.ok(context.ingress.className.length > 0, 'context.ingress.className.length > 0');
      for (const workload of await context.ingress.workloads())
        assert.ok(workload.name.length > 0, 'workload.name.length > 0');
    });

    it('serves a published route over HTTPS with the certificate of its Secret, until it is withdrawn', async () => {
      await serve('web', (request, response) =>
        response.end(`${request.headers.host ?? ''} ${request.url ?? ''}`),
      );
      const objects = await publish(routeTo('web'));
      await until(`https://web.${domain}/a/b?c=d`, 200, `web.${domain} /a/b?c=d`);
      await remove(objects);
      await eventually(async () => {
        // Its certificate may go with it, so only the answer counts here.
        const response = await get(`https://web.${domain}/`).catch(() => undefined);
        assert.notEqual(response?.status, 200);
      });
    });

    it('gives the longest path its requests, and ends paths at slashes', async () => {
      await serve('root', (_request, response) => response.end('root'));
      await serve('shop', (_request, response) => response.end('shop'));
      const host = `paths.${domain}`;
      await publish(routeTo('root', { host }));
      await publish(routeTo('shop', { host, path: '/shop' }));
      await until(`https://${host}/shop`, 200, 'shop');
      await until(`https://${host}/shop/cart?x=/`, 200, 'shop');
      await until(`https://${host}/shopping`, 200, 'root');
      await until(`https://${host}/`, 200, 'root');
    });

    it('redirects plain HTTP to HTTPS on the right port, path and query kept', async () => {
      await serve('plain', (_request, response) => response.end('plain'));
      await publish(routeTo('plain'));
      await until(`https://plain.${domain}/`, 200);
      const { host = '127.0.0.1', httpPort, httpsPort } = await context.ingress.address();
      await eventually(async () => {
        const url = `http://plain.${domain}${httpPort === 80 ? '' : `:${httpPort}`}/x?y=z`;
        const answer = await requestPublic(url, { connectTo: { host, port: httpPort } });
        assert.ok([301, 302, 307, 308].includes(answer.status), String(answer.status));
        const location = new URL(answer.headers.location ?? '');
        assert.equal(
          location.href,
          `https://plain.${domain}${httpsPort === 443 ? '' : `:${httpsPort}`}/x?y=z`,
        );
      });
    });

    it('tells the application who its client is, and believes no client about it', async () => {
      await serve('who', (request, response) => response.end(JSON.stringify(request.headers)));
      await publish(routeTo('who'));
      await until(`https://who.${domain}/`, 200);
      const forged = {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'gopher',
        forwarded: 'for=6.6.6.6',
      };
      const seen = JSON.parse((await get(`https://who.${domain}/`, { headers: forged })).body) as Record<
        string,
        string
      >;
      assert.equal(seen['x-forwarded-proto'], 'https');
      assert.equal(seen['x-forwarded-host'], `who.${domain}`);
      assert.ok(isIP(seen['x-forwarded-for'] ?? '') !== 0, seen['x-forwarded-for']);
      assert.ok(!JSON.stringify(seen).includes('6.6.6.6'), "!JSON.stringify(seen).includes('6.6.6.6')");
    });

    it('passes what an application sends on at once, and what a client sends as it comes', async () => {
      await serve('stream', (request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: first\n\n');
        request.on('data', (chunk: Buffer) => response.write(chunk));
        request.once('end', () => response.end());
      });
      await publish(routeTo('stream'));
      await until(`https://stream.${domain}/`, 200);
      const response = await openPublic(`https://stream.${domain}/`, await https());
      const [first] = (await once(response, 'data')) as [Buffer];
      assert.match(first.toString(), /^data: first/);
      response.destroy();
      const body = randomBytes(3 * 1024 * 1024);
      const echoed = await hashOf(
        await openPublic(`https://stream.${domain}/`, { ...(await https()), method: 'POST', body }),
      );
      assert.equal(echoed, createHash('sha256').update('data: first\n\n').update(body).digest('hex'));
    });

    it('carries websockets and other upgrades both ways', async () => {
      const server = await serve('socket', (_request, response) => response.end('no upgrade'));
      server.on('upgrade', (request: IncomingMessage, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
        socket.write(`hello ${request.headers.host ?? ''}\n`);
        socket.pipe(socket);
        socket.on('error', () => socket.destroy());
      });
      await publish(routeTo('socket'));
      await until(`https://socket.${domain}/`, 200, 'no upgrade');
      const { connectTo, ca } = await https();
      const client = connect({
        ...connectTo,
        servername: `socket.${domain}`,
        ...(ca !== undefined && { ca }),
      });
      client.write(
        `GET / HTTP/1.1\r\nHost: socket.${domain}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`,
      );
      let text = '';
      let hasAsked = false;
      for await (const chunk of client as AsyncIterable<Buffer>) {
        text += chunk.toString();
        if (!hasAsked && text.includes('hello')) hasAsked = client.write('ping through the tunnel\n') || true;
        if (text.includes('ping through')) break;
      }
      client.destroy();
      assert.match(text, /^HTTP\/1\.1 101 /);
      assert.match(text, new RegExp(`hello socket\\.${domain}\nping through the tunnel\n$`));
    });

    it('follows the instances of a Service without losing a request', async () => {
      await serve('one', (_request, response) => response.end('one'));
      const other = createServer((_request, response) => response.end('two')).listen(0);
      await once(other, 'listening');
      stops.push(async () => {
        other.close();
        other.closeAllConnections();
      });
      await publish(routeTo('one'));
      await until(`https://one.${domain}/`, 200, 'one');
      const { port } = other.address() as AddressInfo;
      await pointTo('one', port);
      await eventually(async () => {
        const answer = await get(`https://one.${domain}/`);
        assert.equal(answer.status, 200);
        assert.equal(answer.body, 'two');
      });
    });

    it('shows a renewed certificate without being asked to', async () => {
      await serve('renewed', (_request, response) => response.end('ok'));
      await putCertificate('renewed', selfSigned(`renewed.${domain}`));
      await publish(routeTo('renewed', { tlsSecret: 'renewed' }));
      const second = selfSigned(`renewed.${domain}`);
      await putCertificate('renewed', second);
      const answer = await eventually(() => get(`https://renewed.${domain}/`, { ca: second.certificate }));
      assert.equal(answer.status, 200);
    });

    it('says 503 for a route without a running instance, and 404 for a host without a route', async () => {
      await serve('asleep', (_request, response) => response.end('awake'));
      await publish(routeTo('asleep'));
      await until(`https://asleep.${domain}/`, 200, 'awake');
      await context.kube.delete({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        namespace,
        name: 'asleep-1',
      });
      await until(`https://asleep.${domain}/`, 503);
      await publish(routeTo('asleep', { name: 'known', host: `known.${domain}` }));
      await until(`https://known.${domain}/`, 503);
      const { connectTo } = await https();
      const unknown = await requestPublic(`https://known.${domain}/`, {
        connectTo,
        ca: tls.certificate,
        headers: { host: `unknown.${domain}` },
      });
      assert.ok([404, 421].includes(unknown.status), String(unknown.status));
    });
  });
}

async function hashOf(response: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of response as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}
