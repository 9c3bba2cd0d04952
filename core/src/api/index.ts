export { createApi } from './create-api.ts';
export type { Api, ApiDeps } from './create-api.ts';
export type { Platform, PlatformDeps } from './platform.ts';
