import type { Authenticator } from '../../auth/authenticate.ts';
import type { Attributes } from '../../auth/authorize/attributes.ts';
import type { Authorizer } from '../../auth/authorize/authorizer.ts';
import { INVALID, TokenError } from '../../auth/tokens/check-claims.ts';
import { ISSUER } from '../../auth/tokens/claims.ts';
import type { User } from '../../auth/user.ts';
import { at, isObject, objectAt, stringAt, type JsonObject } from '../../json.ts';
import { checkKind, decodeType } from '../../registry/codec.ts';
import type { Resource } from '../../registry/resource.ts';
import { timestamp } from '../../schema/time.ts';
import { badRequest, invalidObject } from '../../status.ts';
import { readObject } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { writeRequest } from '../write-options.ts';
import { validateReview } from './validate-review.ts';

/** Who can say what a review asks. */
export interface Reviewers {
  readonly authorizer: Authorizer;
  readonly authenticator: Authenticator;
}

/** POST of a review: who am I, who is that, may I, may they, what may I. Nothing is stored. Fails with 400 or 422. */
export async function answerReview(
  exchange: Exchange,
  resource: Resource,
  namespace: string | undefined,
  { authorizer, authenticator }: Reviewers,
): Promise<void> {
  const request = writeRequest(exchange, 'CreateOptions');
  const body = await readObject(exchange, resource.kind);
  checkKind(resource, body);
  const review = decodeType(resource.schema, resource.kind, body, request, resource.version);
  const { kind, apiVersion, group } = resource;
  if (namespace !== undefined) fillNamespace(review, namespace);
  const errors = validateReview(kind, review);
  if (errors.length > 0) throw invalidObject(group, '', '', errors); // the real one does not name the kind
  const { user } = exchange;
  const answer = (more: JsonObject): void =>
    exchange.sendObject(201, { ...review, kind, apiVersion, ...more });
  switch (kind) {
    case 'SelfSubjectReview':
      // Only what is about oneself says when it was answered, as the real one has it.
      answer({
        metadata: { creationTimestamp: timestamp(request.now()) },
        status: { userInfo: userInfo(user) },
      });
      return;
    case 'TokenReview':
      answer({ status: await tokenStatus(review, authenticator) });
      return;
    case 'SelfSubjectRulesReview':
      answer({ status: rulesOf(user, stringAt(review, 'spec', 'namespace') ?? '', authorizer), spec: {} });
      return;
    case 'SelfSubjectAccessReview':
      answer({ status: access(user, review, authorizer) });
      return;
    default:
      answer({ status: access(reviewedUser(review), review, authorizer) });
  }
}

/** authentication/v1 UserInfo. */
export function userInfo({ name, uid, groups, extra }: User): JsonObject {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  };
}

/** What is wrong with a token is told to who may ask. Fails with 400 without one. */
async function tokenStatus(review: JsonObject, authenticator: Authenticator): Promise<JsonObject> {
  const token = stringAt(review, 'spec', 'token') ?? '';
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const asked = at(review, 'spec', 'audiences');
  try {
    const { user, audiences } = await authenticator.authenticateToken(
      token,
      Array.isArray(asked) && asked.length > 0 ? asked.map(String) : [ISSUER],
    );
    return { authenticated: true, user: userInfo(user), audiences };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { user: {}, error: error.message === INVALID ? INVALID : `[${INVALID}, ${error.message}]` };
  }
}

function access(user: User, review: JsonObject, authorizer: Authorizer): JsonObject {
  const { allowed, reason } = authorizer.authorize(user, reviewedAttributes(review));
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function rulesOf(user: User, namespace: string, authorizer: Authorizer): JsonObject {
  if (namespace === '') throw badRequest('no namespace on request');
  const { rules, problems } = authorizer.rulesFor(user, namespace);
  return {
    resourceRules: rules.filter(({ resources = [] }) => resources.length > 0),
    nonResourceRules: rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0),
    incomplete: false,
    ...(problems.length === 0 ? {} : { evaluationError: problems.join(', ') }),
  };
}

function reviewedUser(review: JsonObject): User {
  const groups = at(review, 'spec', 'groups');
  return {
    name: stringAt(review, 'spec', 'user') ?? '',
    groups: Array.isArray(groups) ? groups.map(String) : [],
  };
}

function reviewedAttributes(review: JsonObject): Attributes {
  const path = at(review, 'spec', 'nonResourceAttributes');
  if (isObject(path)) return { verb: stringAt(path, 'verb') ?? '', path: stringAt(path, 'path') ?? '' };
  const given = objectAt(review, 'spec', 'resourceAttributes');
  const text = (field: string): string => stringAt(given, field) ?? '';
  return {
    verb: text('verb'),
    group: text('group'),
    resource: text('resource'),
    subresource: text('subresource'),
    namespace: text('namespace'),
    name: text('name'),
  };
}

/** A review in a namespace has it in its metadata; one that names another is none of this namespace. */
function fillNamespace(review: JsonObject, namespace: string): void {
  const metadata = objectAt(review, 'metadata');
  const given = stringAt(metadata, 'namespace') ?? '';
  if (given !== '' && given !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  review['metadata'] = { ...metadata, namespace };
}
