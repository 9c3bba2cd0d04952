import { ISSUER } from '../auth/tokens/claims.ts';
import { ALGORITHM, keySet, type SigningKey } from '../auth/tokens/signing-key.ts';
import type { Exchange } from './exchange.ts';

export const OPENID_CONFIGURATION = '/.well-known/openid-configuration';
export const OPENID_KEYS = '/openid/v1/jwks';

/** How long others may keep what they read here. */
const CACHE_CONTROL = 'public, max-age=3600';

/** Tells others how to check tokens of service accounts by themselves: OpenID Connect Discovery 1.0. */
export function answerOpenId(exchange: Exchange, key: SigningKey): void {
  exchange.response.setHeader('cache-control', CACHE_CONTROL);
  if (exchange.path === OPENID_KEYS) {
    exchange.sendBytes(200, Buffer.from(JSON.stringify(keySet(key))), 'application/jwk-set+json');
    return;
  }
  const { localPort = 0 } = exchange.incoming.socket;
  const configuration = {
    issuer: ISSUER,
    jwks_uri: `https://127.0.0.1:${localPort}${OPENID_KEYS}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [ALGORITHM],
  };
  exchange.sendBytes(200, Buffer.from(JSON.stringify(configuration)), 'application/json');
}
