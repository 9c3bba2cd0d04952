import { certs, detectComponents, EpinioError, hasCode, install, kube, type Kube } from '@epinio/core';
import { userSecret } from '@epinio/core/api';
import { createLog } from '@epinio/core/adapters';
import { version } from '../version.ts';
import type { AdminCredentials } from './admin-credentials.ts';
import { startInBackground } from './background-server.ts';
import { chartExecutors } from './chart-executors.ts';
import { composePlatform } from './compose.ts';
import { installComponents } from './components.ts';
import type { EmbeddedInstall, InstalledPlatform } from './install-embedded.ts';

/**
 * Makes ready what can be without a cluster: the administrator's password takes a while to hash.
 * @returns what puts the components into the cluster, which has to be up, and waits until the server is ready.
 */
export async function prepareComponents(
  { installation, dataDir, environment, signal, onEvent }: EmbeddedInstall,
  admin: AdminCredentials,
): Promise<() => Promise<InstalledPlatform>> {
  const { settings, profile } = installation.loaded;
  const log = await createLog({ level: 'silent' });
  const { secret } = await userSecret({
    namespace: settings.namespace,
    username: admin.user,
    password: admin.password,
    roles: ['admin'],
  });
  return async () => {
    await using platform = await composePlatform({ installation, dataDir, environment, log, signal });
    const api = await platform.open(kube);
    await using charts = chartExecutors(platform, api);
    await install({
      kube: api,
      executors: charts.executors,
      components: installComponents(platform, installation),
      detected: await detectComponents(platform, api, { signal }),
      settings,
      version,
      ...(profile === undefined ? {} : { profile }),
      signal,
      onEvent,
    });
    const [state] = await Promise.all([
      startInBackground({ dataDir, signal }, 'ready'),
      createUnlessThere(api, secret, signal),
    ]);
    if (state.api === undefined)
      throw new EpinioError('SERVER_STATE', 'The server does not say where it is reached');
    const authority = await platform.open(certs);
    return { api: state.api, admin, ca: await authority.trustedCa(settings.tlsIssuer, signal) };
  };
}

/** A user who is there keeps their password. */
async function createUnlessThere(
  api: Kube,
  secret: Parameters<Kube['create']>[0],
  signal: AbortSignal,
): Promise<void> {
  try {
    await api.create(secret, signal);
  } catch (error) {
    if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
  }
}
