import {
  cluster,
  EpinioError,
  informers,
  RECORD_NAME,
  recordIn,
  settings,
  type InstallationRecord,
  type Platform,
  type PlatformNode,
} from '@epinio/core';

/** How long a component may take to be installed while the server waits for it. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

/**
 * Waits for components until the installer has put them into the cluster; their loops may be what makes them ready.
 * All of them read one copy of the installation's record.
 *
 * @returns what waits for one. It fails with `INSTALL_INCOMPLETE`, or the signal's reason
 */
export async function installedComponents(
  platform: Platform,
  signal: AbortSignal,
): Promise<(node: PlatformNode) => Promise<void>> {
  const { namespace } = platform.get(settings);
  const configMaps = (await platform.open(informers)).open({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace,
  });
  let known: { readonly version: string | undefined; readonly record: InstallationRecord } | undefined;
  const isInstalled = ({ name }: PlatformNode): boolean => {
    const configMap = configMaps.get(namespace, RECORD_NAME);
    if (configMap === undefined) return false;
    const version = configMap.metadata.resourceVersion;
    if (known === undefined || known.version !== version)
      known = { version, record: recordIn(configMap, namespace) };
    return known.record.components.some(({ id, state }) => id === name && state !== 'pending');
  };
  return async (node) => {
    if (node.plugin === undefined || node.plugin.provides.id === cluster.id) return;
    await configMaps.synced(signal);
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        unsubscribe();
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const look = (): void => {
        try {
          if (isInstalled(node)) end(resolve);
        } catch (error) {
          end(() => reject(error));
        }
      };
      const onAbort = (): void => end(() => reject(signal.reason as Error));
      const unsubscribe = configMaps.subscribe(look);
      const timer = setTimeout(() => {
        const message = `Component "${node.name}" was not installed within ${INSTALL_TIMEOUT_MS / 60_000} minutes`;
        end(() =>
          reject(new EpinioError('INSTALL_INCOMPLETE', message, { fix: 'epinio install', fault: 'system' })),
        );
      }, INSTALL_TIMEOUT_MS);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else look();
    });
  };
}
