import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestApi } from './testkit/test-api.ts';

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, DocumentedOperation>>;
  readonly components: { readonly schemas: Record<string, { readonly example?: unknown }> };
}

interface DocumentedOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: Record<string, { readonly schema: { readonly $ref?: string } }>;
  };
  readonly responses: Record<string, unknown>;
}

/** The published routes that this version serves, by their published names. */
const PUBLISHED: Readonly<Record<string, string>> = {
  AuthToken: 'get /api/v1/authtoken',
  AllApps: 'get /api/v1/applications',
  AllAppsGrouped: 'get /api/v1/applications/grouped',
  Apps: 'get /api/v1/namespaces/{namespace}/applications',
  AppCreate: 'post /api/v1/namespaces/{namespace}/applications',
  AppBatchDelete: 'delete /api/v1/namespaces/{namespace}/applications',
  AppShow: 'get /api/v1/namespaces/{namespace}/applications/{app}',
  AppUpdate: 'patch /api/v1/namespaces/{namespace}/applications/{app}',
  AppDelete: 'delete /api/v1/namespaces/{namespace}/applications/{app}',
  AppUpload: 'post /api/v1/namespaces/{namespace}/applications/{app}/store',
  AppImportGit: 'post /api/v1/namespaces/{namespace}/applications/{app}/import-git',
  AppDeployments: 'post /api/v1/namespaces/{namespace}/applications/{app}/deployments',
  AppDeployment: 'get /api/v1/namespaces/{namespace}/applications/{app}/deployments/{deployment_id}',
  AppRestart: 'post /api/v1/namespaces/{namespace}/applications/{app}/restart',
  AppRunning: 'get /api/v1/namespaces/{namespace}/applications/{app}/running',
  AppValidateCV: 'get /api/v1/namespaces/{namespace}/applications/{app}/validate-cv',
  AppPart: 'get /api/v1/namespaces/{namespace}/applications/{app}/part/{part}',
  AppMatch: 'get /api/v1/namespaces/{namespace}/appsmatches/{pattern}',
  AppMatch0: 'get /api/v1/namespaces/{namespace}/appsmatches',
  EnvList: 'get /api/v1/namespaces/{namespace}/applications/{app}/environment',
  EnvSet: 'post /api/v1/namespaces/{namespace}/applications/{app}/environment',
  EnvShow: 'get /api/v1/namespaces/{namespace}/applications/{app}/environment/{env}',
  EnvUnset: 'delete /api/v1/namespaces/{namespace}/applications/{app}/environment/{env}',
  EnvMatch: 'get /api/v1/namespaces/{namespace}/applications/{app}/environmentmatch/{pattern}',
  EnvMatch0: 'get /api/v1/namespaces/{namespace}/applications/{app}/environmentmatch',
  StagingComplete: 'get /api/v1/namespaces/{namespace}/staging/{stage_id}/complete',
  Namespaces: 'get /api/v1/namespaces',
  NamespaceCreate: 'post /api/v1/namespaces',
  NamespaceBatchDelete: 'delete /api/v1/namespaces',
  NamespaceShow: 'get /api/v1/namespaces/{namespace}',
  NamespaceDelete: 'delete /api/v1/namespaces/{namespace}',
  NamespacesMatch: 'get /api/v1/namespacematches/{pattern}',
  NamespacesMatch0: 'get /api/v1/namespacematches',
  AppLogs: 'get /wapi/v1/namespaces/{namespace}/applications/{app}/logs',
  StagingLogs: 'get /wapi/v1/namespaces/{namespace}/staging/{stage_id}/logs',
  StagingCompleteWs: 'get /wapi/v1/namespaces/{namespace}/staging/{stage_id}/complete',
};

async function document(test: TestApi, path = '/api/openapi.json'): Promise<Document> {
  const response = await test.request('GET', path, undefined, { authorization: '' });
  assert.equal(response.status, 200);
  return (await response.json()) as Document;
}

function operationsOf({ paths }: Document): (readonly [string, string, DocumentedOperation])[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [path, method, operation] as const),
  );
}

describe('the OpenAPI document', () => {
  it('is served to anybody, also where published clients look for it', async () => {
    await using test = await TestApi.open();
    const found = await document(test);
    assert.equal(found.openapi, '3.0.3');
    assert.equal(found.info.version, 'v0.1.0');
    assert.deepEqual(await document(test, '/api/swagger.json'), found);
  });

  it('has every published route of this version under its published name', async () => {
    await using test = await TestApi.open();
    const operations = operationsOf(await document(test));
    const names = new Map(
      operations.map(([path, method, { operationId }]) => [operationId, `${method} ${path}`]),
    );
    for (const [name, route] of Object.entries(PUBLISHED)) assert.equal(names.get(name), route);
    const others = [...names.keys()].filter((name) => name === undefined || !(name in PUBLISHED));
    assert.deepEqual(others.sort(), ['Info', 'Me'], 'published outside the table of routes');
  });

  it('describes each route: name, summary, parameters, answers, and an example of what it reads', async () => {
    await using test = await TestApi.open();
    const found = await document(test);
    for (const [path, method, operation] of operationsOf(found)) {
      const what = `${method} ${path}`;
      assert.ok(operation.operationId, what);
      assert.ok(operation.summary, what);
      assert.ok(Object.keys(operation.responses).length > 1, what);
      const parameters = (operation.parameters ?? [])
        .filter((one) => one.in === 'path')
        .map(({ name }) => name);
      assert.deepEqual(
        parameters,
        [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
        what,
      );
      const body = operation.requestBody?.content['application/json']?.schema;
      if (body === undefined) continue;
      const schema =
        body.$ref === undefined ? body : found.components.schemas[body.$ref.split('/').at(-1) ?? ''];
      assert.ok(
        (schema as { example?: unknown } | undefined)?.example !== undefined,
        `${what} has an example`,
      );
    }
  });

  it('gives examples that its own schemas accept', async () => {
    const models = [
      await import('../models/app.ts'),
      await import('../models/deployment.ts'),
      await import('../models/platform.ts'),
    ];
    let checked = 0;
    for (const [name, schema] of models.flatMap((module) => Object.entries(module))) {
      const { example } = (schema as { meta?: () => { example?: unknown } | undefined }).meta?.() ?? {};
      if (example === undefined) continue;
      const result = (schema as { safeParse(value: unknown): { success: boolean } }).safeParse(example);
      assert.ok(result.success, name);
      checked += 1;
    }
    assert.ok(checked > 10, 'checked > 10');
  });
});
