import { generateKeyPair } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { promisify } from 'node:util';
import { labels } from '../apps/labels.ts';
import { secretTexts, textToBase64 } from '../apps/secret-data.ts';
import { EpinioError, hasCode } from '../kernel/errors.ts';
import type { Secret } from '../kube/kinds.ts';
import type { Clock } from '../ports/clock.ts';
import type { Kube } from '../ports/kube.ts';

export interface AuthTokensDeps {
  readonly kube: Kube;
  readonly clock: Pick<Clock, 'now'>;
  /** The platform's. */
  readonly namespace: string;
  /** Default: the published 30 seconds. At most five minutes. */
  readonly lifetimeSeconds?: number;
}

const SECRET = 'epinio-authtoken-key';
const KEY = 'private.pem';
const ALGORITHM = 'RS384';
const ISSUER = 'epinio-server';
const LIFETIME_SECONDS = 30;
const LONGEST_SECONDS = 300;

interface Keys {
  readonly sign: CryptoKey;
  readonly verify: CryptoKey;
}

/**
 * Tokens for websockets, which cannot send a header: short-lived, and signed with a key that is kept in a Secret, so
 * that they hold for every server and over a restart.
 */
export class AuthTokens {
  readonly #deps: AuthTokensDeps;
  #keys: Promise<Keys> | undefined;

  constructor(deps: AuthTokensDeps) {
    this.#deps = deps;
  }

  async create(username: string): Promise<string> {
    const { SignJWT } = await import('jose');
    const { sign } = await this.prepare();
    const now = Math.floor(this.#deps.clock.now() / 1000);
    const lifetime = Math.min(this.#deps.lifetimeSeconds ?? LIFETIME_SECONDS, LONGEST_SECONDS);
    return new SignJWT({ user: username })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setExpirationTime(now + lifetime)
      .sign(sign);
  }

  /** The user's name. Fails with the published 401s. */
  async verify(token: string): Promise<string> {
    const { jwtVerify } = await import('jose');
    const { verify } = await this.prepare();
    const currentDate = new Date(this.#deps.clock.now());
    const options = { algorithms: [ALGORITHM], issuer: ISSUER, currentDate, requiredClaims: ['exp', 'user'] };
    try {
      const { payload } = await jwtVerify(token, verify, options);
      return String(payload['user']);
    } catch (cause) {
      throw new EpinioError('TOKEN_INVALID', titleOf(cause), { status: 401, cause });
    }
  }

  /** Reads the key, or makes it when there is none; done before the first token, so that nobody waits for it. */
  async prepare(): Promise<Keys> {
    this.#keys ??= this.#load().catch((error: unknown) => {
      this.#keys = undefined;
      throw error;
    });
    return this.#keys;
  }

  async #load(): Promise<Keys> {
    const { importPKCS8, importSPKI } = await import('jose');
    const { createPublicKey } = await import('node:crypto');
    const { kube, namespace } = this.#deps;
    const ref = { apiVersion: 'v1', kind: 'Secret', namespace, name: SECRET };
    const secret = (await kube.get<Secret>(ref)) ?? (await this.#make()) ?? (await kube.get<Secret>(ref));
    const pem = secretTexts(secret)[KEY];
    if (pem === undefined) {
      throw new EpinioError(
        'TOKEN_KEY_DAMAGED',
        `Secret "${SECRET}" in namespace "${namespace}" has no "${KEY}"`,
        {
          status: 500,
          fix: `Delete the Secret; a new key is made then`,
        },
      );
    }
    const spki = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
    return { sign: await importPKCS8(pem, ALGORITHM), verify: await importSPKI(spki, ALGORITHM) };
  }

  /** @returns undefined when another server has made it meanwhile. */
  async #make(): Promise<Secret | undefined> {
    const { kube, namespace } = this.#deps;
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    try {
      return await kube.create<Secret>({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: SECRET, namespace, labels: { [labels.managedBy]: 'epinio' } },
        type: 'Opaque',
        data: { [KEY]: textToBase64(pem) },
      });
    } catch (error) {
      if (hasCode(error, 'KUBE_ALREADY_EXISTS')) return undefined;
      throw error;
    }
  }
}

function titleOf(error: unknown): string {
  const { code } = error as { code?: string };
  switch (code) {
    case 'ERR_JWS_INVALID':
    case 'ERR_JWT_INVALID':
      return 'malformed token format';
    case 'ERR_JWT_EXPIRED':
      return 'token expired';
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return 'cannot handle token';
    default:
      return 'unknown token validation error';
  }
}
