import type { Attributes } from '../auth/authorize/attributes.ts';
import { pathSegment } from '../schema/names.ts';
import type { Exchange } from './exchange.ts';

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
/** Below these, what follows a namespace's name is no resource in it. */
const OF_NAMESPACES = new Set(['status', 'finalize']);
/** Verbs that old clients put into the path: `/api/v1/watch/pods`. */
const IN_PATH = new Set(['watch', 'proxy']);

/** What a request wants to do, by its path alone: who may not look is not told what is there. */
export function attributesOf(exchange: Exchange): Attributes {
  const { path, method } = exchange;
  const parts = path.split('/').filter((part) => part !== '');
  const known = parts[0] === 'api' ? 2 : parts[0] === 'apis' ? 3 : Infinity;
  if (parts.length <= known) return { verb: method.toLowerCase(), path };
  const group = known === 3 ? (parts[1] ?? '') : '';
  let rest = parts.slice(known).map(unescaped);
  let verb = VERBS[method] ?? '';
  if (IN_PATH.has(rest[0] ?? '')) {
    verb = rest[0] ?? '';
    rest = rest.slice(1);
  }
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1] ?? '';
    if (rest.length > 2 && !OF_NAMESPACES.has(rest[2] ?? '')) rest = rest.slice(2);
  }
  const [resource = '', name = '', subresource = ''] = rest;
  const attributes = { group, resource, subresource, namespace, name };
  if (name !== '') return { ...attributes, verb };
  if (verb === 'delete') return { ...attributes, verb: 'deletecollection' };
  if (verb !== 'get') return { ...attributes, verb };
  return {
    ...attributes,
    verb: exchange.flag('watch') ? 'watch' : 'list',
    name: selectedName(exchange.query.get('fieldSelector') ?? ''),
  };
}

/** A list of one name by a field selector is allowed to who may see that name. */
function selectedName(fieldSelector: string): string {
  const name = /(?:^|,)metadata\.name==?([^,=]+)(?:,|$)/.exec(fieldSelector)?.[1] ?? '';
  return pathSegment(name).length === 0 ? name : '';
}

function unescaped(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // leads nowhere, and is told so by who may know
  }
}
