const HIDDEN = '[redacted]';
const MAX_DEPTH = 8;
const MAX_ITEMS = 100;
const MAX_TEXT = 8 * 1024;
/** Shorter ones are found in every other word: hiding them would only make lines unreadable. */
const MIN_SECRET = 6;

/** Key names that end in one of these hold secrets: "dbPassword", "access_token", "tls.key". */
const SECRET_KEY =
  /(password|passwd|passphrase|secret|token|authorization|cookie|credentials?|apikey|accesskey|secretkey|privatekey|clientkey|clientkeydata|tlskey|jwt|kubeconfig|htpasswd|dockerconfigjson|stringdata)$/;
const URL_PASSWORD = /(\/\/)[^\s/:@]*:[^\s/@]+@/g;
const BEARER = /\b(bearer|basic) [\w.~+/=-]{6,}/gi;
const QUERY_SECRET =
  /([?&](?:token|access_token|signature|sig|x-amz-signature|x-amz-security-token)=)[^&\s"]+/gi;

/** Makes values safe to be written down: bounded in size, and without secrets. */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** Hides this text wherever it appears from now on. */
  add(secret: string): void {
    if (secret.length >= MIN_SECRET) this.#secrets.add(secret);
  }

  text(value: string): string {
    let text = value;
    for (const secret of this.#secrets) text = text.replaceAll(secret, HIDDEN);
    text = text
      .replace(URL_PASSWORD, `$1${HIDDEN}@`)
      .replace(BEARER, `$1 ${HIDDEN}`)
      .replace(QUERY_SECRET, `$1${HIDDEN}`);
    return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
  }

  fields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return this.#object(fields, 0, new Set());
  }

  #value(key: string, value: unknown, depth: number, above: Set<object>): unknown {
    if (value === null || value === undefined || typeof value === 'boolean') return value;
    if (isSecretKey(key)) return HIDDEN;
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return value;
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object') return undefined;
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof URL) return this.text(value.href);
    if (above.has(value)) return '[circular]';
    if (depth >= MAX_DEPTH) return '[deep]';
    above.add(value);
    try {
      if (value instanceof Error) return this.#error(value, depth, above);
      if (value instanceof Map || value instanceof Set) return this.#list([...value], depth, above);
      return Array.isArray(value) ? this.#list(value, depth, above) : this.#object(value, depth, above);
    } finally {
      above.delete(value);
    }
  }

  #list(list: readonly unknown[], depth: number, above: Set<object>): unknown[] {
    const items = list.slice(0, MAX_ITEMS).map((item) => this.#value('', item, depth + 1, above));
    return list.length > MAX_ITEMS ? [...items, `… (${list.length} items)`] : items;
  }

  #object(object: object, depth: number, above: Set<object>): Record<string, unknown> {
    const isSecret = (object as { readonly kind?: unknown }).kind === 'Secret';
    const result: Record<string, unknown> = {};
    let count = 0;
    for (const [key, value] of Object.entries(object)) {
      if (++count > MAX_ITEMS) {
        result['…'] = `(${Object.keys(object).length} keys)`;
        break;
      }
      result[key] = isSecret && key === 'data' ? HIDDEN : this.#value(key, value, depth + 1, above);
    }
    return result;
  }

  #error(error: Error, depth: number, above: Set<object>): Record<string, unknown> {
    const { name, message, stack, cause, ...rest } = error as Error & Record<string, unknown>;
    return this.#object(
      {
        name,
        message,
        ...rest,
        // Of an error with a code, the code says where it comes from.
        ...('code' in error || stack === undefined ? {} : { stack }),
        ...(cause === undefined ? {} : { cause }),
      },
      depth,
      above,
    );
  }
}

function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key.toLowerCase().replace(/[^a-z0-9]/g, ''));
}
