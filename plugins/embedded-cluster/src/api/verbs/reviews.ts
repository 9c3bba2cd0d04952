import { isObject, stringAt, type JsonObject } from '../../json.ts';
import { decodeType } from '../../registry/codec.ts';
import type { Resource } from '../../registry/resource.ts';
import { MASTERS, type User } from '../../auth/user.ts';
import { timestamp } from '../../schema/time.ts';
import { readObject } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { writeRequest } from '../write-options.ts';

/**
 * POST of a review: who am I, may I, may they. Nothing is stored. Until there are roles, the administrator may do
 * everything and nobody else anything.
 */
export async function answerReview(exchange: Exchange, resource: Resource): Promise<void> {
  const request = writeRequest(exchange, 'CreateOptions');
  const body = await readObject(exchange, resource.kind);
  const review = decodeType(resource.schema, resource.kind, body, request);
  const { kind, apiVersion } = resource;
  // Only what is about oneself says when it was answered, as the real one has it.
  const metadata =
    kind === 'SelfSubjectReview' ? { metadata: { creationTimestamp: timestamp(request.now()) } } : {};
  const status = statusOf(resource, review, exchange.user);
  exchange.sendObject(201, { ...review, kind, apiVersion, ...metadata, status });
}

function statusOf(resource: Resource, review: JsonObject, user: User): JsonObject {
  switch (resource.kind) {
    case 'SelfSubjectReview':
      return { userInfo: { username: user.name, groups: user.groups } };
    case 'SelfSubjectAccessReview':
      return access(user.groups);
    case 'SelfSubjectRulesReview':
      return {
        resourceRules: user.groups.includes(MASTERS)
          ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]
          : [],
        nonResourceRules: user.groups.includes(MASTERS) ? [{ verbs: ['*'], nonResourceURLs: ['*'] }] : [],
        incomplete: false,
      };
    default: {
      const groups = isObject(review['spec']) ? review['spec']['groups'] : undefined;
      return access(Array.isArray(groups) ? groups.map(String) : [], stringAt(review, 'spec', 'user'));
    }
  }
}

function access(groups: readonly string[], user?: string): JsonObject {
  if (groups.includes(MASTERS)) return { allowed: true };
  return {
    allowed: false,
    ...(user === undefined ? {} : { reason: `no role allows anything to ${JSON.stringify(user)}` }),
  };
}
