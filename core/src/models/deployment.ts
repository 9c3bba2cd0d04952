import { z } from 'zod';
import { originInput } from './app.ts';
import { appRef, appRefInput } from './meta.ts';

export const uploadResponse = z
  .object({ blobuid: z.string().optional() })
  .meta({ id: 'UploadResponse', example: { blobuid: '6f1e0b9e-9a3c-4d52-8f0e-0a1f6d2f9c11' } });

export const importGitResponse = z
  .object({ blobuid: z.string().optional(), branch: z.string().optional(), revision: z.string().optional() })
  .meta({
    id: 'ImportGitResponse',
    example: {
      blobuid: '6f1e0b9e-9a3c-4d52-8f0e-0a1f6d2f9c11',
      branch: 'main',
      revision: '0123456789abcdef0123456789abcdef01234567',
    },
  });

export const asyncDeployRequest = z
  .object({
    app: appRefInput.prefault({}),
    blobuid: z.string().nullish(),
    builderimage: z.string().nullish(),
    image: z.string().nullish(),
    origin: originInput.nullish(),
    restage: z
      .boolean()
      .nullish()
      .describe('Build again although sources, builder and environment are those of the present image'),
  })
  .meta({
    id: 'AsyncDeployRequest',
    example: {
      app: { name: 'sample', namespace: 'workspace' },
      blobuid: '6f1e0b9e-9a3c-4d52-8f0e-0a1f6d2f9c11',
      origin: { Kind: 1, path: '/home/me/sample' },
    },
  });
export type AsyncDeployRequest = z.infer<typeof asyncDeployRequest>;

export const deploymentPhase = z.enum(['pending', 'staging', 'deploying', 'succeeded', 'failed']);
export type DeploymentPhase = z.infer<typeof deploymentPhase>;

export const asyncDeployStatus = z
  .object({
    id: z.string().describe('16 hex digits'),
    app: appRef,
    status: deploymentPhase,
    stage_id: z.string().optional(),
    image: z.string().optional(),
    error: z.string().optional(),
    routes: z.array(z.string()).optional(),
    warnings: z.array(z.string()).optional(),
    startedAt: z.string().optional(),
    finishedAt: z.string().optional(),
    urls: z.array(z.string()).optional().describe('The routes with scheme and port'),
    reused: z
      .boolean()
      .optional()
      .describe('True when nothing was built: the image of the run `stage_id` was used again'),
  })
  .meta({
    id: 'AsyncDeployStatus',
    example: {
      id: '0123456789abcdef',
      app: { name: 'sample', namespace: 'workspace', createdAt: null },
      status: 'pending',
      startedAt: '2026-01-31T12:00:00Z',
    },
  });
export type AsyncDeployStatus = z.infer<typeof asyncDeployStatus>;

/** One text frame of the staging-complete websocket. */
export interface StageCompleteEvent {
  readonly stage_id: string;
  readonly namespace: string;
  readonly status: 'waiting' | 'succeeded' | 'failed' | 'error';
  readonly message?: string;
  readonly completed: boolean;
}

/** One text frame of the log websockets; the capitals are published so. */
export interface LogFrame {
  readonly Message: string;
  readonly ContainerName: string;
  readonly PodName: string;
  readonly Namespace: string;
  readonly Timestamp: string;
}
