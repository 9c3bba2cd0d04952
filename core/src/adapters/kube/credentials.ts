import type { RequestOptions } from 'node:https';
import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { EpinioError, messageOf } from '../../kernel/errors.ts';
import { pemOf } from './kubeconfig.ts';

/** A plugin may ask a person to log in, in a browser. */
const EXEC_TIMEOUT_MS = 60_000;
/** How long what a plugin or a file gave is used without asking again; a refusal ends it sooner. */
const REUSE_MS = 60_000;

/** What a request carries to be let in. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
}

export interface CredentialSource {
  current(): Promise<Credentials>;
  /** The server refused them: get new ones. @returns false when there are no others to be had. */
  renew(): boolean;
}

/**
 * The credentials of a kubeconfig's user: certificates, token, password, token file, exec plugin, OIDC.
 * Fails with `KUBE_LOGIN_FAILED` when a plugin does.
 */
export function credentialsOf(user: User): CredentialSource {
  const fixed = fixedCredentials(user);
  if (!user.exec && !user.authProvider) return { current: async () => fixed, renew: () => false };
  let cached: { readonly credentials: Promise<Credentials>; readonly untilMs: number } | undefined;
  let authenticator: Promise<Authenticator> | undefined;
  return {
    current() {
      const nowMs = performance.now();
      if (cached !== undefined && nowMs < cached.untilMs) return cached.credentials;
      authenticator ??= authenticatorOf(user);
      const credentials = authenticator.then((library) => acquire(library, user, fixed));
      const entry = { credentials, untilMs: nowMs + REUSE_MS };
      cached = entry;
      // A failure is for those who wait now; the next request tries again.
      credentials.catch(() => {
        if (cached === entry) cached = undefined;
      });
      return credentials;
    },
    renew() {
      cached = undefined;
      authenticator = undefined;
      return true;
    },
  };
}

function fixedCredentials(user: User): Credentials {
  const cert = pemOf(user.certFile, user.certData);
  const key = pemOf(user.keyFile, user.keyData);
  const basic = Buffer.from(`${user.username ?? ''}:${user.password ?? ''}`).toString('base64');
  return {
    headers: {
      ...(user.token
        ? { authorization: `Bearer ${user.token.trim()}` }
        : user.username
          ? { authorization: `Basic ${basic}` }
          : {}),
      ...(user.impersonateUser ? { 'impersonate-user': user.impersonateUser } : {}),
    },
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** One module of the client library, loaded when a kubeconfig asks for it. */
async function authenticatorOf(user: User): Promise<Authenticator> {
  const { ExecAuth } = await import('@kubernetes/client-node/dist/exec_auth.js');
  const exec = new ExecAuth();
  if (exec.isAuthProvider(user)) return exec;
  const { FileAuth } = await import('@kubernetes/client-node/dist/file_auth.js');
  const file = new FileAuth();
  if (file.isAuthProvider(user)) return file;
  const { OpenIDConnectAuth } = await import('@kubernetes/client-node/dist/oidc_auth.js');
  const oidc = new OpenIDConnectAuth();
  if (oidc.isAuthProvider(user)) return oidc;
  const { name } = user.authProvider as { readonly name: string };
  throw new EpinioError(
    'KUBE_LOGIN_FAILED',
    `The kubeconfig's user "${user.name}" has the unknown auth provider "${name}"`,
    {
      fix: 'Use an exec plugin instead: Kubernetes 1.26 removed the other providers',
      status: 500,
    },
  );
}

async function acquire(authenticator: Authenticator, user: User, fixed: Credentials): Promise<Credentials> {
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  const command = (user.exec as { readonly command?: string } | undefined)?.command;
  const what = command === undefined ? 'The auth provider' : `The plugin "${command}"`;
  const fail = (fact: string, cause?: unknown): EpinioError =>
    new EpinioError('KUBE_LOGIN_FAILED', `${what} of the kubeconfig's user "${user.name}" ${fact}`, {
      fix: 'Log in to the cluster again, or check the user in the kubeconfig',
      status: 500,
      cause,
    });
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(fail(`did not answer within ${EXEC_TIMEOUT_MS / 1000} s`)),
      EXEC_TIMEOUT_MS,
    );
  });
  try {
    const applied = authenticator.applyAuthentication(withExecInfo(user), options);
    await Promise.race([applied, timeout]).catch((error: unknown) => {
      throw error instanceof EpinioError ? error : fail(`failed: ${messageOf(error).trim()}`, error);
    });
  } finally {
    clearTimeout(timer);
  }
  const { Authorization: authorization } = options.headers;
  return {
    headers: {
      ...fixed.headers,
      ...(authorization === undefined ? {} : { authorization: authorization.trim() }),
    },
    ...((options.cert ?? fixed.cert) ? { cert: (options.cert ?? fixed.cert) as Buffer } : {}),
    ...((options.key ?? fixed.key) ? { key: (options.key ?? fixed.key) as Buffer } : {}),
  };
}

/** Plugins learn from KUBERNETES_EXEC_INFO which version of the protocol to answer in; the library leaves it out. */
function withExecInfo(user: User): User {
  const exec = user.exec as
    { readonly apiVersion?: string; readonly env?: readonly object[] | null } | null | undefined;
  if (exec?.apiVersion === undefined) return user;
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }];
  return { ...user, exec: { ...exec, env } };
}
