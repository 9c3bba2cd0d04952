import type { AppName } from '../apps/app-object.ts';
import type { SettingsWriter } from '../apps/app-settings.ts';
import type { Caches } from '../apps/caches.ts';
import type { Timeouts } from '../apps/timeouts.ts';
import type { Builder } from '../contracts/builder.ts';
import type { Certs } from '../contracts/certs.ts';
import type { Ingress } from '../contracts/ingress.ts';
import type { Mesh } from '../contracts/mesh.ts';
import type { Registry } from '../contracts/registry.ts';
import type { Storage } from '../contracts/storage.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kube } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import type { PlatformSettings } from '../ports/settings.ts';
import type { AppStates } from './app-states.ts';
import type { Locks } from './lock.ts';

/** What the steps of a deployment work with. */
export interface DeploymentDeps {
  readonly kube: Kube;
  readonly caches: Caches;
  readonly storage: Storage;
  readonly registry: Registry;
  readonly builder: Builder;
  readonly ingress: Ingress;
  readonly certs: Certs;
  readonly mesh: Mesh;
  readonly settings: PlatformSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly timeouts: Timeouts;
  readonly states: AppStates;
  readonly appSettings: SettingsWriter;
  /** One holder at a time of: the claims of routes, the staging runs of one application, its workload. */
  readonly locks: Locks;
  /** Which server this is: unique among those that run at once, and the same again after a restart of this one. */
  readonly identity: string;
}

/** Names of locks. */
export const lockOn = {
  routes: 'routes',
  runs: ({ namespace, name }: AppName) => `runs/${namespace}/${name}`,
  workload: ({ namespace, name }: AppName) => `workload/${namespace}/${name}`,
} as const;
