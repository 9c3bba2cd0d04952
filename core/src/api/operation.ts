import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { errorResponse as errorModel } from '../models/errors.ts';
import type { User } from '../users/users.ts';
import type { ApiContext, ApiEnv } from './context.ts';
import { badBody, json } from './errors.ts';
import { BodyProblem, readJson } from './json-body.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Who may call: anybody, any user of the API, or a user whose roles permit it. */
export type Access = 'public' | 'user' | 'permitted';

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;

/** What a handler gets: everything valid, and typed. */
export interface Call<Path extends string, Query, Body> {
  readonly params: Readonly<Record<ParamNames<Path>, string>>;
  readonly query: Query;
  readonly body: Body;
  /**
   * For reads, aborted when the client goes away. What changes something goes on without its client, so that nothing is left
   * half-done: that is aborted only when the server stops.
   */
  readonly signal: AbortSignal;
  readonly c: ApiContext;
  /** Only where access is not public. */
  readonly user: User;
}

interface BodySpec<Body extends z.ZodType> {
  readonly schema: Body;
  /** `optional`: a missing or unreadable body is an empty object. */
  readonly mode?: 'required' | 'optional';
  /** The published `details` when it cannot be read. */
  readonly details?: string;
}

/** One route of the API: its contract, as the OpenAPI document shows it, and what it does. */
export interface Operation<
  Path extends string,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Response extends z.ZodType,
> {
  /** The published name. */
  readonly name: string;
  readonly method: Method;
  /** With `{name}` for parameters, below the root. */
  readonly path: Path;
  readonly summary: string;
  readonly tag: string;
  readonly access: Access;
  readonly query?: Query;
  readonly body?: BodySpec<Body>;
  readonly status?: 200 | 201 | 202;
  readonly response: Response;
  /** Content of another type than JSON. */
  readonly contentType?: string;
  /** Statuses of errors beside 401, 403 and 500. */
  readonly errors?: readonly number[];
  /** Returns the body, or a whole answer. */
  readonly handle: (
    call: Call<Path, z.output<Query>, z.output<Body>>,
  ) => Promise<z.input<Response> | globalThis.Response>;
}

/** An operation whose types do not matter to the holder. */
export interface AnyOperation {
  readonly name: string;
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  register(api: OpenAPIHono<ApiEnv>, guards: readonly Guard[], lifetime: AbortSignal): void;
}

/** Runs before the operation; an answer ends the request. */
export type Guard = (c: ApiContext, operation: AnyOperation) => Promise<void>;

const NO_QUERY = z.object({});
/** For operations that read none. */
type NoBody = z.ZodUndefined;

/** Declares a route of the API. */
export function operation<
  const Path extends string,
  Response extends z.ZodType,
  Query extends z.ZodObject = typeof NO_QUERY,
  Body extends z.ZodType = NoBody,
>(spec: Operation<Path, Query, Body, Response>): AnyOperation {
  const { name, method, path, access } = spec;
  const self: AnyOperation = {
    name,
    method,
    path,
    access,
    register(api, guards, lifetime) {
      api.openAPIRegistry.registerPath(documented(spec));
      api.on(method.toUpperCase(), honoPath(path), async (c: ApiContext) => {
        for (const guard of guards) await guard(c, self);
        return answer(c, spec, method === 'get' ? c.req.raw.signal : lifetime);
      });
    },
  };
  return self;
}

async function answer<P extends string, Q extends z.ZodObject, B extends z.ZodType, R extends z.ZodType>(
  c: ApiContext,
  spec: Operation<P, Q, B, R>,
  signal: AbortSignal,
): Promise<globalThis.Response> {
  let body: z.output<B>;
  try {
    body = await readBody(c, spec.body);
  } catch (error) {
    if (!(error instanceof BodyProblem)) throw error;
    return badBody(c, error.message, spec.body?.details);
  }
  const result = await spec.handle({
    params: c.req.param() as Record<ParamNames<P>, string>,
    query: readQuery(c, spec.query),
    body,
    signal,
    c,
    user: c.get('user'),
  });
  return result instanceof Response ? result : json(c, result, spec.status ?? 200);
}

async function readBody<B extends z.ZodType>(
  c: ApiContext,
  spec: BodySpec<B> | undefined,
): Promise<z.output<B>> {
  if (spec === undefined) return undefined as z.output<B>;
  if (spec.mode !== 'optional') return readJson(c, spec.schema);
  try {
    return await readJson(c, spec.schema);
  } catch (error) {
    if (!(error instanceof BodyProblem)) throw error;
    return spec.schema.parse({});
  }
}

/** Query parameters are texts; those that repeat are lists. What is not declared is ignored. */
function readQuery<Q extends z.ZodObject>(c: ApiContext, schema: Q | undefined): z.output<Q> {
  const values: Record<string, unknown> = {};
  for (const [key, type] of Object.entries(schema?.shape ?? {})) {
    const isList = type instanceof z.ZodOptional && type.unwrap() instanceof z.ZodArray;
    const value = isList ? c.req.queries(key) : c.req.query(key);
    if (value !== undefined) values[key] = value;
  }
  return (schema ?? NO_QUERY).parse(values) as z.output<Q>;
}

function documented<P extends string, Q extends z.ZodObject, B extends z.ZodType, R extends z.ZodType>(
  spec: Operation<P, Q, B, R>,
): ReturnType<typeof createRoute> {
  const names = [...spec.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const statuses = [
    ...(spec.access === 'public' ? [] : [401]),
    ...(spec.access === 'permitted' ? [403] : []),
  ];
  const errors = [...new Set([...statuses, ...(spec.errors ?? []), 500])];
  const content = { [spec.contentType ?? 'application/json']: { schema: spec.response } };
  return createRoute({
    method: spec.method,
    path: spec.path,
    operationId: spec.name,
    summary: spec.summary,
    tags: [spec.tag],
    ...(spec.access === 'public' ? {} : { security: [{ basic: [] }] }),
    request: {
      ...(names.length === 0
        ? {}
        : { params: z.object(Object.fromEntries(names.map((key) => [key, z.string()]))) }),
      ...(spec.query === undefined ? {} : { query: spec.query }),
      ...(spec.body === undefined
        ? {}
        : {
            body: {
              required: spec.body.mode !== 'optional',
              content: { 'application/json': { schema: spec.body.schema as unknown as z.ZodObject } },
            },
          }),
    },
    responses: {
      [spec.status ?? 200]: { description: spec.summary, content },
      ...Object.fromEntries(
        errors.map((status) => [
          status,
          { description: 'Error', content: { 'application/json': { schema: errorModel } } },
        ]),
      ),
    },
  });
}

/** `{name}` as the router has it. */
export function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
