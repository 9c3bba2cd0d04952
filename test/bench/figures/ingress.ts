import { join } from 'node:path';
import type { FigureGroup } from '../figure.ts';
import { startBaseline } from '../load/baseline.ts';
import { call, clusterApi, decode } from '../load/cluster-access.ts';
import { requestsPerSecond, type Load } from '../load/rate.ts';

const CONNECTIONS = 32;

interface Items<T> {
  readonly items: readonly T[];
}
interface IngressItem {
  readonly spec: { readonly tls: readonly { readonly secretName: string }[] };
}
interface SecretItem {
  readonly data: Readonly<Record<string, string>>;
}
interface SliceItem {
  readonly ports: readonly { readonly port: number }[];
  readonly endpoints: readonly unknown[];
}

/** What goes through the ingress, beside a proxy of a few lines with the same certificate and application. */
export const ingress: FigureGroup = {
  figures: { ingress: `small requests over HTTPS by ${CONNECTIONS} kept-alive clients, to one application` },
  async *measure(bench) {
    if (!bench.wants('ingress')) return;
    const { user, url } = await bench.platform();
    const { hostname, port } = new URL(url);
    const cluster = await clusterApi(user);
    const list = <T>(group: string, kind: string): Promise<Items<T>> =>
      call(cluster, 'GET', `/${group}/namespaces/workspace/${kind}`);
    const [route] = (await list<IngressItem>('apis/networking.k8s.io/v1', 'ingresses')).items;
    const secret = `secrets/${route?.spec.tls[0]?.secretName ?? ''}`;
    const { data } = await call<SecretItem>(cluster, 'GET', `/api/v1/namespaces/workspace/${secret}`);
    const slices = await list<SliceItem>('apis/discovery.k8s.io/v1', 'endpointslices');
    const backendPort = slices.items.find(({ endpoints }) => endpoints.length > 0)?.ports[0]?.port;
    if (backendPort === undefined) throw new Error('the application has no endpoint');
    await using proxy = await startBaseline(join(import.meta.dirname, '../load/bare-proxy.ts'), {
      cert: decode(data['tls.crt'] ?? ''),
      key: decode(data['tls.key'] ?? ''),
      backendPort,
    });
    const tls = { ca: await user.ca(), servername: hostname };
    const load: Load = {
      connections: CONNECTIONS,
      request: () => ({ path: '/', method: 'GET', headers: { host: `${hostname}:${port}` } }),
      status: 200,
    };
    const bare = await requestsPerSecond({ origin: `https://127.0.0.1:${proxy.port}`, tls }, load);
    const measured = await requestsPerSecond({ origin: `https://127.0.0.1:${port}`, tls }, load);
    yield { name: 'ingress', unit: '/s', measured, runs: 1, baseline: { what: 'bare proxy', value: bare } };
  },
};
