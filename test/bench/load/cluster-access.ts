import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Pool } from 'undici';
import { parse } from 'yaml';
import type { User } from '../../support/user.ts';
import type { Target } from './rate.ts';

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

/** The Kubernetes API of a user's embedded cluster, as its kubeconfig says. */
export async function clusterApi(user: User): Promise<Target> {
  return kubeconfigTarget(join(user.dataDir, 'embedded-cluster', 'kubeconfig'));
}

/** What a kubeconfig of the embedded cluster leads to. */
export async function kubeconfigTarget(file: string): Promise<Target> {
  const { clusters, users } = parse(await readFile(file, 'utf8')) as Kubeconfig;
  const [of, by] = [clusters[0]?.cluster, users[0]?.user];
  if (of === undefined || by === undefined) throw new Error(`"${file}" names no cluster`);
  return {
    origin: of.server,
    tls: {
      ca: decode(of['certificate-authority-data']),
      cert: decode(by['client-certificate-data']),
      key: decode(by['client-key-data']),
    },
  };
}

/** One call of an API, with its JSON answer. */
export async function call<T>(
  { origin, tls, headers: ofTarget }: Target,
  method: 'GET' | 'POST',
  path: string,
  object?: unknown,
): Promise<T> {
  const pool = new Pool(origin, { connections: 1, connect: tls });
  try {
    const headers = { ...ofTarget, 'content-type': 'application/json' };
    const body = object === undefined ? null : JSON.stringify(object);
    const answer = await pool.request({ path, method, headers, body });
    if (answer.statusCode >= 300)
      throw new Error(`${method} ${path}: ${answer.statusCode} ${await answer.body.text()}`);
    return (await answer.body.json()) as T;
  } finally {
    await pool.destroy();
  }
}

export function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
