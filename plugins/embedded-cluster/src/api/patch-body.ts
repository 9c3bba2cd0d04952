import { isObject } from '../json.ts';
import type { PatchType } from '../registry/registry.ts';
import type { Request } from '../registry/request.ts';
import type { Resource } from '../registry/resource.ts';
import { badRequest, StatusError, unsupportedMediaType } from '../status.ts';
import { duplicateFields, parseJson, readBody, readYaml } from './body.ts';
import type { Exchange } from './exchange.ts';
import { writeRequest } from './write-options.ts';

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** A patch and how it is to be applied. */
export interface PatchBody {
  readonly type: PatchType;
  readonly body: unknown;
  readonly request: Request;
  readonly force: boolean;
}

/** The type of the patch that a request carries. Fails with 415. */
function patchTypeOf(exchange: Exchange, resource: Resource): PatchType {
  const type = PATCH_TYPES[exchange.contentType];
  const custom = resource.custom !== undefined;
  if (type !== undefined && (type !== 'strategic' || !custom)) return type;
  if (!custom) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  throw unsupportedMediaType(Object.keys(PATCH_TYPES).filter((media) => !media.includes('strategic')));
}

/** Reads a patch. Fails with 400, 413, 415 or 422. */
export async function readPatch(exchange: Exchange, resource: Resource): Promise<PatchBody> {
  const type = patchTypeOf(exchange, resource);
  const text = (await readBody(exchange.incoming)).toString('utf8');
  const request = writeRequest(exchange, type === 'apply' ? 'ApplyOptions' : 'PatchOptions');
  return { type, body: await parsePatch(exchange, type, text), request, force: exchange.flag('force') };
}

async function parsePatch(exchange: Exchange, type: PatchType, text: string): Promise<unknown> {
  try {
    if (type === 'apply') return await readYaml(exchange, text);
    const value = parseJson(text);
    const problems = [...(type === 'json' ? unknownOperationFields(value) : []), ...duplicateFields(text)];
    exchange.bodyProblems.push(
      ...(type === 'json' ? problems.map((problem) => `json patch ${problem}`) : problems),
    );
    return value;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const prefix = {
      json: 'error decoding patch: ',
      merge: 'error decoding patch: ',
      strategic: '',
      apply: 'error decoding YAML: error converting YAML to JSON: ',
    };
    throw badRequest(`${prefix[type]}${cause.message}`, cause);
  }
}

const OPERATION_FIELDS = new Set(['op', 'path', 'from', 'value']);

function unknownOperationFields(patch: unknown): readonly string[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation: unknown, index) =>
    isObject(operation)
      ? Object.keys(operation)
          .filter((name) => !OPERATION_FIELDS.has(name))
          .map((name) => `unknown field ${JSON.stringify(`[${index}].${name}`)}`)
      : [],
  );
}
