import type { Cluster } from '../../contracts/cluster.ts';
import { authTokenResponse, infoResponse, meResponse } from '../../models/platform.ts';
import { type AnyOperation, operation } from '../operation.ts';
import type { Platform } from '../platform.ts';

export interface AboutDeps {
  readonly cluster: Pick<Cluster, 'platform'>;
  /** The version of the Kubernetes API: "v1.35.0". */
  readonly kubeVersion: () => Promise<string>;
  readonly version: string;
}

/** What the platform is, and who asks. */
export function aboutRoutes(
  { deps: { builder }, authTokens }: Platform,
  { cluster, kubeVersion, version }: AboutDeps,
): AnyOperation[] {
  return [
    operation({
      name: 'Info',
      method: 'get',
      path: '/api/v1/info',
      tag: 'platform',
      summary: 'What this installation is',
      access: 'public',
      response: infoResponse,
      handle: async () => ({
        version,
        kube_version: await kubeVersion(),
        platform: await cluster.platform(),
        ...(builder.defaultImage === '' ? {} : { default_builder_image: builder.defaultImage }),
      }),
    }),
    operation({
      name: 'Me',
      method: 'get',
      path: '/api/v1/me',
      tag: 'platform',
      summary: 'The user who asks',
      access: 'user',
      response: meResponse,
      handle: async ({ user }) => {
        const { username, roles, namespaces, gitconfigs } = user;
        const shown = roles.map(({ id, namespace }) => ({
          id,
          name: id === 'admin' ? 'Admin Role' : id,
          namespace,
          default: false,
        }));
        return {
          user: username,
          ...(shown.length === 0 ? {} : { roles: shown }),
          ...(namespaces.length === 0 ? {} : { namespaces: [...namespaces] }),
          ...(gitconfigs.length === 0 ? {} : { gitconfigs: [...gitconfigs] }),
        };
      },
    }),
    operation({
      name: 'AuthToken',
      method: 'get',
      path: '/api/v1/authtoken',
      tag: 'platform',
      summary: 'A short-lived token for websockets',
      access: 'permitted',
      response: authTokenResponse,
      handle: async ({ user }) => ({ token: await authTokens.create(user.username) }),
    }),
  ];
}
