import { stringAt } from '../../json.ts';
import type { PodTokens } from '../../start.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';
import { fulfilTokenRequest } from './token-request.ts';

/** How a node asks for the tokens of its pods: as over HTTPS, in this process. */
export function createPodTokens(tokens: ServiceAccountTokens): PodTokens {
  return {
    keyId: tokens.key.id,
    async request({ namespace, account, audiences, expirationSeconds, pod }) {
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', ...pod };
      const answer = await fulfilTokenRequest(
        tokens,
        { namespace, name: account },
        { spec: { audiences, expirationSeconds, boundObjectRef } },
      );
      return stringAt(answer, 'status', 'token') ?? '';
    },
  };
}
