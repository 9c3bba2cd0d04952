import http from 'node:http';
import https, { type AgentOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Credentials } from './credentials.ts';
import { type KubeContext, pemOf } from './kubeconfig.ts';

/** Connections that nobody uses are closed after this; the server's `Keep-Alive` header can say sooner. */
const IDLE_MS = 30_000;

/** Makes the pool of connections to one API server, over the proxy that the kubeconfig names, if any. */
export async function createAgent(
  { cluster, server }: KubeContext,
  { cert, key }: Credentials,
): Promise<http.Agent> {
  const ca = pemOf(cluster.caFile, cluster.caData);
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  const options: AgentOptions = {
    keepAlive: true,
    scheduling: 'lifo',
    timeout: IDLE_MS,
    ...(cluster.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
  };
  const { proxyUrl } = cluster;
  if (proxyUrl?.startsWith('socks') === true) {
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    return new SocksProxyAgent(proxyUrl, { ...options, ...tls });
  }
  if (proxyUrl) {
    const { HttpProxyAgent, HttpsProxyAgent } = await import('hpagent');
    const Agent = server.protocol === 'http:' ? HttpProxyAgent : HttpsProxyAgent;
    return new Agent({ ...options, ...tls, proxy: proxyUrl });
  }
  if (server.protocol === 'http:') return new http.Agent(options);
  const secureContext = createSecureContext(tls); // read once, not for each connection
  return new https.Agent({ ...options, secureContext });
}
