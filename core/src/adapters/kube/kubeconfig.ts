import { readFileSync } from 'node:fs';
import { newClusters, newContexts, newUsers } from '@kubernetes/client-node/dist/config_types.js';
import type { Cluster, User } from '@kubernetes/client-node/dist/config_types.js';
import { EpinioError, messageOf } from '../../kernel/errors.ts';

/** One context of a kubeconfig: where the API is and as whom to speak to it. */
export interface KubeContext {
  readonly name: string;
  /** Without a trailing slash; may have a path. */
  readonly server: URL;
  readonly cluster: Cluster;
  readonly user: User;
}

/**
 * Reads a kubeconfig, YAML or JSON, and picks a context. Only the parsing modules of the client library are
 * used: its `KubeConfig` class pulls in a model of every kind, half a second and 78 MB of memory.
 * Fails with `KUBECONFIG_INVALID` or `KUBECONFIG_CONTEXT`.
 */
export async function readKubeconfig(text: string, context?: string): Promise<KubeContext> {
  const document = await parse(text);
  const { clusters, users, contexts } = entries(document);
  const current = document['current-context'];
  const name = context ?? (typeof current === 'string' && current !== '' ? current : undefined);
  if (name === undefined) {
    throw new EpinioError('KUBECONFIG_CONTEXT', 'The kubeconfig has no current context', {
      fix: `Name one of its contexts: ${listNames(contexts)}`,
    });
  }
  const picked = contexts.find((entry) => entry.name === name);
  if (picked === undefined) {
    throw new EpinioError('KUBECONFIG_CONTEXT', `The kubeconfig has no context "${name}"`, {
      fix: `Use one of: ${listNames(contexts)}`,
    });
  }
  const cluster = clusters.find((entry) => entry.name === picked.cluster);
  if (cluster === undefined)
    throw invalid(`context "${name}" names the cluster "${picked.cluster}", which is not in it`);
  const user = users.find((entry) => entry.name === picked.user) ?? { name: '' };
  if (!URL.canParse(cluster.server))
    throw invalid(`cluster "${cluster.name}" has the server "${cluster.server}", which is no URL`);
  return { name, server: new URL(cluster.server), cluster, user };
}

async function parse(text: string): Promise<Readonly<Record<string, unknown>>> {
  let document: unknown;
  try {
    // JSON needs no YAML parser: one library less in the process of every command.
    document = text.trimStart().startsWith('{') ? JSON.parse(text) : (await import('yaml')).parse(text);
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
  if (typeof document !== 'object' || document === null) throw invalid('it is not a map');
  return document as Readonly<Record<string, unknown>>;
}

function entries(document: Readonly<Record<string, unknown>>): {
  readonly clusters: Cluster[];
  readonly users: User[];
  readonly contexts: ReturnType<typeof newContexts>;
} {
  try {
    return {
      clusters: newClusters(document['clusters']),
      users: newUsers(withTokenFiles(document['users'])),
      contexts: newContexts(document['contexts']),
    };
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
}

/** `tokenFile` has to be read again and again, since the kubelet renews it; the library reads it once. */
function withTokenFiles(users: unknown): unknown {
  if (!Array.isArray(users)) return users;
  return users.map(
    (entry: { readonly user?: { readonly tokenFile?: unknown; readonly token?: unknown } }) => {
      const { tokenFile, token } = entry.user ?? {};
      if (typeof tokenFile !== 'string' || typeof token === 'string') return entry;
      return {
        ...entry,
        user: { ...entry.user, 'auth-provider': { name: 'tokenFile', config: { tokenFile } } },
      };
    },
  );
}

function invalid(fact: string, cause?: unknown): EpinioError {
  return new EpinioError('KUBECONFIG_INVALID', `The kubeconfig cannot be read: ${fact}`, { cause });
}

function listNames(contexts: readonly { readonly name: string }[]): string {
  return contexts.length === 0 ? '(it has none)' : contexts.map(({ name }) => `"${name}"`).join(', ');
}

/** PEM from a file, which wins, or from base64 data; undefined when neither is given. */
export function pemOf(file: string | undefined, data: string | undefined): Buffer | undefined {
  if (file) {
    try {
      return readFileSync(file);
    } catch (error) {
      throw invalid(messageOf(error), error);
    }
  }
  return data ? Buffer.from(data, 'base64') : undefined;
}
