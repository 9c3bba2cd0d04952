import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  eventually,
  type PublicRequest,
  type PublicResponse,
  requestPublic,
  selfSigned,
} from '@epinio/core/testkit';
import { ingressObject, serviceObject, slicesOf, tlsSecret } from './cluster-objects.ts';
import type { TestIngress } from './open-ingress.ts';

/** A published application: its server, and requests to it as its users make them. */
export interface TestApp extends AsyncDisposable {
  readonly host: string;
  readonly server: Server;
  readonly port: number;
  readonly ca: string;
  readonly httpsPort: number;
  request(path?: string, options?: Partial<PublicRequest>): Promise<PublicResponse>;
}

/** Starts a server, and publishes it at `<name>.localhost` with a certificate; resolves when it is served. */
export async function openApp(
  ingress: TestIngress,
  name: string,
  listener: RequestListener,
): Promise<TestApp> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = `${name}.localhost`;
  const certificate = selfSigned(host);
  ingress.put(
    tlsSecret(`${name}-tls`, certificate),
    serviceObject(name),
    ...slicesOf(name, [port]),
    ingressObject({ name, tlsSecret: `${name}-tls` }),
  );
  const { httpsPort } = await ingress.ingress.address();
  const ca = certificate.certificate;
  const connectTo = { host: '127.0.0.1', port: httpsPort };
  const app: TestApp = {
    ...{ host, server, port, ca, httpsPort },
    request: (path = '/', options = {}) =>
      requestPublic(`https://${host}:${httpsPort}${path}`, { connectTo, ca, ...options }),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
  await eventually(async () => {
    const { status } = await app.request('/__up', { method: 'OPTIONS' });
    if (status === 404 || status === 503) throw new Error(`${host} is not served yet`);
  });
  return app;
}
