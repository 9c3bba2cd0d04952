import { token } from '../kernel/token.ts';

/** What every component may know of the installation. */
export interface PlatformSettings {
  /** Base domain: the API answers at `epinio.<domain>`, applications at `<name>.<domain>`. */
  readonly domain: string;
  /** The namespace of the platform's own objects. */
  readonly namespace: string;
  /** ClusterIssuer that signs the API's and the routes' certificates unless they say otherwise. */
  readonly tlsIssuer: string;
}

export const settings = token<PlatformSettings>('port:settings');
