import { AppQueries } from '../apps/app-queries.ts';
import { SettingsWriter } from '../apps/app-settings.ts';
import { Apps } from '../apps/apps.ts';
import { type Caches, openCaches } from '../apps/caches.ts';
import { deleteApp, type DeleteOutcome } from '../apps/delete-app.ts';
import type { AppName } from '../apps/app-object.ts';
import { timeouts } from '../apps/timeouts.ts';
import type { Builder } from '../contracts/builder.ts';
import type { Certs } from '../contracts/certs.ts';
import type { Ingress } from '../contracts/ingress.ts';
import type { Mesh } from '../contracts/mesh.ts';
import type { Registry } from '../contracts/registry.ts';
import type { SecretSync } from '../contracts/secret-sync.ts';
import type { Storage } from '../contracts/storage.ts';
import { AppStates } from '../deployments/app-states.ts';
import { Deployments } from '../deployments/deployments.ts';
import { Locks } from '../deployments/lock.ts';
import { StagingRuns } from '../deployments/staging-runs.ts';
import { Namespaces } from '../namespaces/namespaces.ts';
import type { Clock } from '../ports/clock.ts';
import type { Commands } from '../ports/commands.ts';
import type { Informers } from '../ports/informer.ts';
import type { Kube } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import type { PlatformSettings } from '../ports/settings.ts';
import type { GitImportOptions } from '../sources/git/import-git.ts';
import { AuthTokens } from '../users/auth-token.ts';
import { Users } from '../users/users.ts';

/** What the platform logic is made over: contracts and ports, whoever provides them. */
export interface PlatformDeps {
  readonly kube: Kube;
  readonly informers: Informers;
  readonly storage: Storage;
  readonly registry: Registry;
  readonly builder: Builder;
  readonly ingress: Ingress;
  readonly certs: Certs;
  readonly secretSync: SecretSync;
  readonly mesh: Mesh;
  readonly commands: Commands;
  readonly settings: PlatformSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Of this server among those that run at once; the same again after a restart. Default: the only one. */
  readonly identity?: string;
  readonly git?: GitImportOptions;
  /** Makes all of the published waits longer or shorter. Default 1. */
  readonly timeoutMultiplier?: number;
}

/** The use cases, wired. Nothing runs until `deployments.start`. */
export interface Platform {
  readonly deps: PlatformDeps;
  readonly caches: Caches;
  readonly queries: AppQueries;
  readonly apps: Apps;
  readonly namespaces: Namespaces;
  readonly deployments: Deployments;
  readonly stagingRuns: StagingRuns;
  readonly users: Users;
  readonly authTokens: AuthTokens;
  readonly settings: SettingsWriter;
  deleteApp(
    app: AppName,
    options: { readonly deleteImage?: boolean; readonly signal?: AbortSignal },
  ): Promise<DeleteOutcome>;
}

export function createPlatform(deps: PlatformDeps): Platform {
  const { identity = 'epinio-server', settings } = deps;
  const caches = openCaches(deps.informers, settings);
  const common = { ...deps, caches, timeouts: timeouts(deps.timeoutMultiplier) };
  const states = new AppStates(common);
  const appSettings = new SettingsWriter(common);
  const queries = new AppQueries(common);
  const deployments = new Deployments({ ...common, states, appSettings, locks: new Locks(), identity });
  const platform: Platform = {
    deps,
    caches,
    queries,
    deployments,
    settings: appSettings,
    apps: new Apps({ ...common, appSettings, queries, deployments }),
    namespaces: new Namespaces({
      ...common,
      deleteApp: async (app, signal) => {
        await platform.deleteApp(app, signal === undefined ? {} : { signal });
      },
    }),
    stagingRuns: new StagingRuns(common),
    users: new Users(caches.users),
    authTokens: new AuthTokens({ ...deps, namespace: settings.namespace }),
    deleteApp: (app, options) => deleteApp({ ...common, deployments, queries }, app, options),
  };
  return platform;
}
