import { join } from 'node:path';
import type { Log } from '@epinio/core';
import { createAuthenticator } from '../auth/authenticate.ts';
import { ServiceAccountTokens } from '../auth/tokens/service-account-tokens.ts';
import { kubeconfigText } from '../pki/kubeconfig.ts';
import { loadPki, writeSecret } from '../pki/pki.ts';
import { openRegistry } from '../registry/open.ts';
import type { Registry } from '../registry/registry.ts';
import type { NodeAccess } from './node-access.ts';
import { startApiServer } from './server.ts';

export interface StartApiOptions {
  /** The plugin's folder. */
  readonly directory: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Changes kept per resource for watches. */
  readonly history: number;
  readonly log: Log;
  /** How long a client may take to send its whole request, in milliseconds. */
  readonly requestTimeout?: number | undefined;
}

export interface RunningApi {
  readonly registry: Registry;
  readonly tokens: ServiceAccountTokens;
  /** PEM of the CA that clients must trust. */
  readonly authority: string;
  readonly port: number;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfigFile: string;
  /** What `pods/log` reads from. */
  setNode(node: NodeAccess): void;
  /** `/readyz` answers ok from now on. */
  setReady(): void;
  close(): Promise<void>;
}

/** Opens the store, and serves it over HTTPS. The folder must be this process's alone: the server holds its lock. */
export async function startApi({
  directory,
  port,
  history,
  log,
  requestTimeout,
}: StartApiOptions): Promise<RunningApi> {
  let node: NodeAccess | undefined;
  let ready = false;
  // Certificates are loaded while the store is read.
  const loading = loadPki(join(directory, 'pki'));
  loading.catch(() => undefined); // reported where it is awaited
  const { registry, close: closeRegistry } = await openRegistry({ directory, history }, log);
  try {
    const pki = await loading;
    const tokens = new ServiceAccountTokens({ registry, key: pki.serviceAccountKey, log });
    const authenticator = createAuthenticator(pki.adminToken, tokens);
    const server = await startApiServer({
      pki,
      port,
      registry,
      authenticator,
      tokens,
      log,
      requestTimeout,
      node: () => node,
      isReady: () => ready,
    });
    const kubeconfigFile = join(directory, 'kubeconfig');
    writeSecret(kubeconfigFile, kubeconfigText(pki, server.port));
    return {
      registry,
      tokens,
      authority: pki.authority,
      port: server.port,
      kubeconfigFile,
      setNode: (access) => (node = access),
      setReady: () => (ready = true),
      async close() {
        ready = false;
        await server.close();
        await closeRegistry();
      },
    };
  } catch (error) {
    await closeRegistry();
    throw error;
  }
}
