import type { KubeObject, OwnerReference } from '../kernel/component.ts';
import type { ObjectRef } from '../ports/kube.ts';

export const APP_API_VERSION = 'application.epinio.io/v1';

/** The custom resource `apps.application.epinio.io`: what an application is, whether or not it runs. */
export interface AppObject extends KubeObject {
  readonly apiVersion: typeof APP_API_VERSION;
  readonly kind: 'App';
  readonly spec: AppSpec;
}

export interface AppSpec {
  readonly routes?: readonly string[];
  /** An empty object when nothing was pushed yet. */
  readonly origin: AppOrigin;
  /** Only when one was asked for; otherwise the builder's default. */
  readonly builderimage?: string;
  /** The sources that were staged last. */
  readonly blobuid?: string;
  /** The staging run that was started last, whatever came of it. */
  readonly stageid?: string;
  /** The image that is deployed, or that was built last when none is. */
  readonly imageurl?: string;
  readonly chartname?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** At most one of path, container and git. */
export interface AppOrigin {
  readonly path?: string;
  readonly archive?: boolean;
  readonly container?: string;
  readonly git?: {
    readonly repository: string;
    readonly revision?: string;
    readonly provider?: string;
    readonly branch?: string;
    readonly gitconfig?: string;
  };
}

/** Names one application. */
export interface AppName {
  readonly namespace: string;
  readonly name: string;
}

export function appObjectRef({ namespace, name }: AppName): ObjectRef {
  return { apiVersion: APP_API_VERSION, kind: 'App', namespace, name };
}

/** Makes an object go when the application goes. */
export function ownedBy(app: AppObject): OwnerReference {
  return { apiVersion: APP_API_VERSION, kind: 'App', name: app.metadata.name, uid: app.metadata.uid ?? '' };
}
