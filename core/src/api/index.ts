export { createApi } from './create-api.ts';
export type { Api, ApiDeps } from './create-api.ts';
export type { Platform as ApiPlatform, PlatformDeps } from './platform.ts';

export { platformParts } from '../server/platform-parts.ts';
export { startServer } from '../server/start-server.ts';
export type { EpinioServer, ServiceSource, StartServerOptions } from '../server/start-server.ts';

export { ensureUser } from '../users/ensure-user.ts';
export { adminUser, userSecret } from '../users/user-secret.ts';
export type { UserOptions } from '../users/user-secret.ts';

export type { App, ApplicationCreateRequest, ApplicationUpdateRequest } from '../models/app.ts';
export type {
  AsyncDeployRequest,
  AsyncDeployStatus,
  LogFrame,
  StageCompleteEvent,
} from '../models/deployment.ts';
export type { ErrorResponse, ProblemDetails } from '../models/errors.ts';
export type { InfoResponse, MeResponse, Namespace } from '../models/platform.ts';
export { removePlatform } from '../server/remove-platform.ts';
export type { RemovePlatformOptions } from '../server/remove-platform.ts';
