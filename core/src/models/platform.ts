import { z } from 'zod';
import { metaLite } from './meta.ts';

export const infoResponse = z
  .object({
    version: z.string().optional(),
    kube_version: z.string().optional(),
    platform: z.string().optional(),
    default_builder_image: z.string().optional(),
    oidc_enabled: z.boolean().optional(),
  })
  .meta({ id: 'InfoResponse', example: { version: 'v0.1.0', kube_version: 'v1.35.0', platform: 'generic' } });
export type InfoResponse = z.infer<typeof infoResponse>;

export const role = z
  .object({
    id: z.string(),
    name: z.string(),
    namespace: z.string(),
    default: z.boolean(),
    actions: z.array(z.string()).optional(),
  })
  .meta({ id: 'Role' });

export const meResponse = z
  .object({
    user: z.string().optional(),
    roles: z.array(role).optional(),
    namespaces: z.array(z.string()).optional(),
    gitconfigs: z.array(z.string()).optional(),
  })
  .meta({
    id: 'MeResponse',
    example: { user: 'admin', roles: [{ id: 'admin', name: 'Admin Role', namespace: '', default: false }] },
  });
export type MeResponse = z.infer<typeof meResponse>;

export const authTokenResponse = z
  .object({ token: z.string().optional() })
  .meta({ id: 'AuthTokenResponse', example: { token: 'eyJhbGciOiJSUzM4NCJ9.e30.c2ln' } });

export const namespaceCreateRequest = z
  .object({ name: z.string().default('') })
  .meta({ id: 'NamespaceCreateRequest', example: { name: 'workspace' } });

export const namespace = z
  .object({
    meta: metaLite,
    apps: z.array(z.string()).optional(),
    configurations: z.array(z.string()).optional(),
  })
  .meta({
    id: 'Namespace',
    example: { meta: { name: 'workspace', createdAt: '2026-01-31T12:00:00Z' }, apps: ['sample'] },
  });
export type Namespace = z.infer<typeof namespace>;
