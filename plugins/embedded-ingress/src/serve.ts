import { once } from 'node:events';
import type { Server } from 'node:http';
import { EpinioError, type Log, messageOf, type RunHost } from '@epinio/core';
import { Announcer } from './announcer.ts';
import { CertificateStore } from './certificate-store.ts';
import { ClusterRoutes } from './cluster-routes.ts';
import type { Config } from './config.ts';
import { fallbackCertificate } from './fallback-certificate.ts';
import { trustNetworks } from './forwarded-headers.ts';
import { claimPorts, type IngressNeeds, publicHostOf } from './ingress.ts';
import { MAX_HEADER_BYTES } from './limits.ts';
import { createHttpsListener } from './listener.ts';
import { createRedirectServer } from './redirect.ts';
import { ID } from './resources.ts';
import { listenEverywhere } from './listen-everywhere.ts';
import { lazyUpstream } from './upstream-client.ts';

/** How long a client may be silent in the middle of its request. */
const BODY_IDLE_MS = 60_000;

/** The proxy: everything in the cluster is known before the first connection is taken. */
export async function serve(needs: IngressNeeds, config: Config, host: RunHost): Promise<void> {
  const { informers, clock, settings } = needs;
  const log = needs.log.child({ component: ID });
  const stopped = new AbortController(); // after draining, unlike the host's signal
  const address = publicHostOf(config);
  const responseTimeoutMs = config.responseTimeoutSeconds * 1000;

  const routes = new ClusterRoutes(informers, {
    className: config.className,
    isDefaultClass: config.defaultClass,
    rules: {
      platform: { host: `epinio.${settings.domain}`.toLowerCase(), namespace: settings.namespace },
      sharedHosts: config.sharedHosts,
    },
    clock,
  });
  const announcer = new Announcer({ ...needs, log, address, signal: stopped.signal });
  const certificates = new CertificateStore(routes, (name, error) => {
    log.warn('Certificate cannot be used', { ...name, error: messageOf(error) });
    announcer.certificateInvalid(name, messageOf(error));
  });
  routes.onSettled = (settled) => announcer.announce(settled);
  routes.onSecretChanged = (name, isGone) => {
    announcer.certificateChanged(name);
    if (isGone) certificates.forget(name);
  };

  try {
    await routes.start(host.signal);
    const ports = await claimPorts(needs.listenPorts, config);
    const folder = needs.dataDirectory.path(ID);
    const fallback = await fallbackCertificate(folder, settings.domain, clock.now());
    const https = createHttpsListener({ fallback, maxConnections: config.maxConnections }, certificates, {
      routes,
      clock,
      log,
      signal: stopped.signal,
      upstream: lazyUpstream({ responseTimeoutMs, maxHeaderBytes: MAX_HEADER_BYTES }),
      trusts: trustNetworks(config.trustedProxies),
      responseTimeoutMs,
      retryMs: config.retrySeconds * 1000,
      bodyIdleMs: BODY_IDLE_MS,
    });
    const redirect = createRedirectServer(ports.httpsPort, config.maxConnections);
    const stops: (() => void)[] = [];
    try {
      stops.push(await listen(https.server, ports.httpsPort, config.listen, log));
      stops.push(await listen(redirect, ports.httpPort, config.listen, log));
      log.info('Serving applications', { listen: config.listen, ...ports });
      host.ready();
      if (!host.signal.aborted) await once(host.signal, 'abort');
    } finally {
      for (const stop of stops) stop();
      redirect.close();
      redirect.closeAllConnections();
      await https.drain(host.signal.aborted ? config.drainSeconds * 1000 : 0);
    }
  } catch (error) {
    if (error !== host.signal.reason || !host.signal.aborted) throw error; // stopped before it was ready
  } finally {
    stopped.abort(new Error('the ingress has stopped'));
    routes.close();
  }
}

/** At all addresses at once if they are asked for, else, where a Service has the port at its own, one by one. */
async function bind(server: Server, port: number, address: string): Promise<() => void> {
  try {
    server.listen({ port, host: address });
    await once(server, 'listening');
    return () => undefined;
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || !['0.0.0.0', '::'].includes(address)) throw error;
    return await listenEverywhere(server, port, address);
  }
}

/** Fails with `PORT_IN_USE` or `LISTEN_FAILED`. @returns what stops listening where `close` of the server does not */
async function listen(server: Server, port: number, address: string, log: Log): Promise<() => void> {
  try {
    const stop = await bind(server, port, address);
    // Such as no file descriptor left for a connection: the next one may find one again.
    server.on('error', (error) =>
      log.error('Connection could not be accepted', { port, error: error.message }),
    );
    return stop;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new EpinioError('PORT_IN_USE', `Port ${port} on ${address} is used by another program`, {
        fix: 'Stop that program, or give the ingress other ports: components.ingress.with.httpsPort and httpPort',
        cause: error,
      });
    }
    if (code === 'EACCES') {
      throw new EpinioError('LISTEN_FAILED', `Port ${port} on ${address} may not be opened by this user`, {
        fix: 'Choose a port from 1024 up: components.ingress.with.httpsPort and httpPort',
        cause: error,
      });
    }
    throw new EpinioError('LISTEN_FAILED', `Cannot listen on ${address}, port ${port}: ${messageOf(error)}`, {
      fix: 'Choose an address of this machine: components.ingress.with.listen',
      cause: error,
    });
  }
}
