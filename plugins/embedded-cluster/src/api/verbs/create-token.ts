import type { ServiceAccountTokens } from '../../auth/tokens/service-account-tokens.ts';
import { fulfilTokenRequest } from '../../auth/tokens/token-request.ts';
import { stringAt } from '../../json.ts';
import { checkKind, decodeType } from '../../registry/codec.ts';
import type { Target } from '../../registry/writer.ts';
import { builtinSchema } from '../../schema/builtin.ts';
import { badRequest } from '../../status.ts';
import { readObject } from '../body.ts';
import type { Exchange } from '../exchange.ts';
import { writeRequest } from '../write-options.ts';

const TOKEN_REQUEST = {
  group: 'authentication.k8s.io',
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
};

/** POST of `serviceaccounts/token`: a token of the account, with an end. Nothing is stored. */
export async function createToken(
  tokens: ServiceAccountTokens,
  exchange: Exchange,
  { namespace = '', name }: Target,
): Promise<void> {
  const request = writeRequest(exchange, 'CreateOptions');
  const body = await readObject(exchange, 'TokenRequest');
  checkKind(TOKEN_REQUEST, body);
  const schema = builtinSchema('authentication.v1.TokenRequest');
  const asked = decodeType(schema, 'TokenRequest', body, request, 'v1');
  const given = stringAt(asked, 'metadata', 'namespace') ?? '';
  if (given !== '' && given !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  exchange.sendObject(201, await fulfilTokenRequest(tokens, { namespace, name }, asked));
}
