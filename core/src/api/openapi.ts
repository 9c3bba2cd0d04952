import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from './context.ts';

/** The OpenAPI 3 document of the routes. Published clients ask for it as `swagger.json`; it is not Swagger 2. */
export function openApiDocument(app: OpenAPIHono<ApiEnv>, version: string, host: string): object {
  app.openAPIRegistry.registerComponent('securitySchemes', 'basic', { type: 'http', scheme: 'basic' });
  return app.getOpenAPIDocument({
    openapi: '3.0.3',
    info: {
      title: 'Epinio',
      version,
      description:
        'From source to URL on Kubernetes in one step. Answers with a status of 400 and more carry the error envelope, or ' +
        'RFC 9457 problem details for clients that accept application/problem+json.',
    },
    servers: [{ url: `https://${host}` }],
  });
}
