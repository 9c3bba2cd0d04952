import { createHmac, randomBytes } from 'node:crypto';
import { EpinioError } from '../kernel/errors.ts';
import type { User } from './users.ts';

const REMEMBERED = 1_000;
const WAITING = 32;

/**
 * Compares passwords with bcrypt, once. What was right is remembered as a keyed hash over name, password and the stored
 * bcrypt, so that a request does not pay for it again, and a changed Secret counts at once. The key never leaves memory.
 */
export class PasswordCheck {
  readonly #key = randomBytes(32);
  readonly #right = new Set<string>();
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** True when this very password was found right before; costs next to nothing. */
  isRemembered(user: User, password: string): boolean {
    return this.#right.has(this.#digest(user, password));
  }

  /** Fails with `LOGIN_BUSY` when too many comparisons are waiting. */
  async isRight(user: User, password: string): Promise<boolean> {
    if (this.isRemembered(user, password)) return true;
    if (this.#waiting >= WAITING) {
      throw new EpinioError('LOGIN_BUSY', 'too many logins at once, try again in a moment', { status: 429 });
    }
    // One after the other: a flood of guesses must not take the processor from everything else.
    this.#waiting += 1;
    const compared = this.#queue.then(() => compare(user.passwordHash, password));
    this.#queue = compared.catch(() => undefined).finally(() => (this.#waiting -= 1));
    const isRight = await compared;
    if (isRight) this.#remember(this.#digest(user, password));
    return isRight;
  }

  #digest({ username, passwordHash }: User, password: string): string {
    const text = JSON.stringify([username, passwordHash, password]);
    return createHmac('sha256', this.#key).update(text).digest('base64');
  }

  #remember(digest: string): void {
    const oldest = this.#right.values().next();
    if (this.#right.size >= REMEMBERED && oldest.done !== true) this.#right.delete(oldest.value);
    this.#right.add(digest);
  }
}

async function compare(hash: string, password: string): Promise<boolean> {
  // bcrypt looks at 72 bytes; a longer password would match every other with the same beginning.
  if (hash === '' || Buffer.byteLength(password) > 72) return false;
  const { compare: bcrypt } = await import('bcryptjs');
  return bcrypt(password, hash);
}
