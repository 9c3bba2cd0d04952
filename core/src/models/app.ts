import { z } from 'zod';
import { appRef, namesInput, textsInput } from './meta.ts';

export const gitRef = z
  .object({
    revision: z.string().optional(),
    repository: z.string().describe('The URL'),
    provider: z.string().optional(),
    branch: z.string().optional(),
    gitconfig: z.string().optional(),
  })
  .meta({ id: 'GitRef' });
export type GitRef = z.infer<typeof gitRef>;

/** Where an application's sources come from. */
export const OriginKind = { none: 0, path: 1, git: 2, container: 3 } as const;

export const applicationOrigin = z
  .object({
    Kind: z.number().int().min(0).max(3).describe('0 none, 1 path, 2 git, 3 container'),
    container: z.string().optional(),
    git: gitRef.optional(),
    path: z.string().optional(),
    archive: z.boolean().optional(),
  })
  .meta({ id: 'ApplicationOrigin', example: { Kind: 1, path: '/home/me/sample' } });
export type ApplicationOrigin = z.infer<typeof applicationOrigin>;

/** The origin as clients send it: everything may be missing. */
export const originInput = z
  .object({
    Kind: z.number().int().default(0),
    container: z.string().nullish(),
    git: gitRef.partial().nullish(),
    path: z.string().nullish(),
    archive: z.boolean().nullish(),
  })
  .meta({ id: 'ApplicationOriginInput', example: { Kind: 1, path: '/home/me/sample' } });
export type OriginInput = z.infer<typeof originInput>;

export const environmentGroups = z
  .object({ user: z.record(z.string(), z.string()), service: z.record(z.string(), z.string()) })
  .meta({ id: 'EnvVariableGroupedResponse', example: { user: { MODE: 'prod' }, service: {} } });
export type EnvironmentGroups = z.infer<typeof environmentGroups>;

export const applicationConfiguration = z
  .object({
    instances: z.number().int(),
    configurations: z.array(z.string()),
    environment: z.record(z.string(), z.string()),
    environment_grouped: environmentGroups.optional(),
    services: z.array(z.string()).optional(),
    routes: z.array(z.string()),
    appchart: z.string().optional(),
    settings: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'ApplicationConfiguration' });
export type ApplicationConfiguration = z.infer<typeof applicationConfiguration>;

export const podInfo = z
  .object({
    name: z.string(),
    metricsOk: z.boolean().describe('False where the cluster measures nothing; the two figures are then 0'),
    memoryBytes: z.number().int(),
    millicpus: z.number().int(),
    createdAt: z.string().optional(),
    restarts: z.number().int(),
    ready: z.boolean(),
  })
  .meta({ id: 'PodInfo' });
export type PodInfo = z.infer<typeof podInfo>;

export const appDeployment = z
  .object({
    name: z.string().optional(),
    active: z.boolean().optional(),
    createdAt: z.string().optional(),
    desiredreplicas: z.number().int(),
    readyreplicas: z.number().int(),
    replicas: z.record(z.string(), podInfo),
    username: z.string().optional(),
    stage_id: z.string().optional().describe('Of the running version'),
    status: z.string().optional().describe('"<ready>/<desired>"'),
    routes: z.array(z.string()).optional(),
  })
  .meta({ id: 'AppDeployment' });
export type AppDeployment = z.infer<typeof appDeployment>;

export const appStatus = z.enum(['created', 'staging', 'running', 'error']);
export type AppStatus = z.infer<typeof appStatus>;
export const stagingStatus = z.enum(['', 'active', 'done', 'failed']);
export type StagingStatusName = z.infer<typeof stagingStatus>;

export const app = z
  .object({
    meta: appRef,
    configuration: applicationConfiguration,
    origin: applicationOrigin,
    deployment: appDeployment.optional().describe('Left out without a workload'),
    staging: z.object({ builder: z.string().optional() }),
    stagingstatus: stagingStatus,
    status: appStatus,
    statusmessage: z.string(),
    stage_id: z.string().optional().describe('Of the last staging run'),
    image_url: z.string(),
    urls: z.array(z.string()).optional().describe('The active routes with scheme and port'),
  })
  .meta({
    id: 'App',
    example: {
      meta: { name: 'sample', namespace: 'workspace', createdAt: '2026-01-31T12:00:00Z' },
      configuration: {
        instances: 1,
        configurations: [],
        environment: {},
        routes: ['sample.example.com'],
        appchart: 'standard',
      },
      origin: { Kind: 1, path: '/home/me/sample' },
      staging: {},
      stagingstatus: '',
      status: 'created',
      statusmessage: '',
      image_url: '',
    },
  });
export type App = z.infer<typeof app>;

export const applicationUpdateRequest = z
  .object({
    restart: z.boolean().nullish().describe('Default true'),
    instances: z.number().int().nullish(),
    configurations: namesInput,
    environment: textsInput,
    replace_env: z.boolean().nullish(),
    routes: namesInput,
    appchart: z.string().nullish(),
    settings: textsInput,
  })
  .meta({ id: 'ApplicationUpdateRequest', example: { instances: 2, environment: { MODE: 'prod' } } });
export type ApplicationUpdateRequest = z.infer<typeof applicationUpdateRequest>;

export const applicationCreateRequest = z
  .object({ name: z.string().default(''), configuration: applicationUpdateRequest.nullish() })
  .meta({ id: 'ApplicationCreateRequest', example: { name: 'sample', configuration: { instances: 1 } } });
export type ApplicationCreateRequest = z.infer<typeof applicationCreateRequest>;

export const applicationDeleteRequest = z
  .object({ deleteImage: z.boolean().nullish() })
  .meta({ id: 'ApplicationDeleteRequest', example: { deleteImage: false } });

export const applicationDeleteResponse = z
  .object({ unboundconfigurations: z.array(z.string()), warnings: z.array(z.string()).optional() })
  .meta({ id: 'ApplicationDeleteResponse', example: { unboundconfigurations: [] } });
export type ApplicationDeleteResponse = z.infer<typeof applicationDeleteResponse>;

export const envVariable = z
  .object({ name: z.string(), value: z.string(), origin: z.enum(['user', 'service']).optional() })
  .meta({ id: 'EnvVariable', example: { name: 'MODE', value: 'prod' } });
