import { forbiddenRequest, StatusError } from '../../status.ts';
import type { User } from '../user.ts';

/** What a request wants to do to a resource. Empty texts stand for what it does not name. */
export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** What a request wants to do that is about no resource: `get` of "/version". */
export interface PathAttributes {
  readonly verb: string;
  readonly path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

export function isPath(attributes: Attributes): attributes is PathAttributes {
  return 'path' in attributes;
}

/** The 403 for what a user may not do, in the real API server's words. */
export function forbiddenTo(user: User, attributes: Attributes, reason = ''): StatusError {
  const why = refusal(user, attributes)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
  const message = reason === '' ? why : `${why}: ${reason}`;
  if (isPath(attributes)) return new StatusError(403, 'Forbidden', `forbidden: ${message}`, {});
  return forbiddenRequest(attributes, attributes.name, message);
}

function refusal({ name }: User, attributes: Attributes): string {
  const who = `User ${JSON.stringify(name)} cannot ${attributes.verb}`;
  if (isPath(attributes)) return `${who} path ${JSON.stringify(attributes.path)}`;
  const { group, resource, subresource, namespace } = attributes;
  const what = JSON.stringify(subresource === '' ? resource : `${resource}/${subresource}`);
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${what} in API group ${JSON.stringify(group)} ${where}`;
}
