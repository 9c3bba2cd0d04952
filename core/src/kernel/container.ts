import 'reflect-metadata';
import { container as root } from 'tsyringe';
import { EpinioError } from './errors.ts';
import type { Needs, OptionalToken, Resolved, Token } from './token.ts';

/**
 * Services by token. The only file that knows the injection library: it offers decorators, silent
 * replacement and classes made on the spot, none of which the platform wants.
 */
export class Container {
  // A child without registrations of its own parent's: never the library's global container.
  readonly #services = root.createChildContainer();

  /** Fails with `SERVICE_TAKEN` when the token has a service: the library would let the last one win. */
  set<T>(token: Token<T>, service: T): void {
    if (this.has(token)) {
      throw new EpinioError('SERVICE_TAKEN', `"${token.id}" has a service already`, { fault: 'system' });
    }
    // By factory: the library takes a value of undefined for no registration.
    this.#services.register(token.key, { useFactory: () => service });
  }

  has(token: Token<unknown>): boolean {
    return this.#services.isRegistered(token.key);
  }

  /** Fails with `SERVICE_MISSING`. */
  get<T>(token: Token<T>): T {
    if (!this.has(token)) {
      throw new EpinioError('SERVICE_MISSING', `"${token.id}" has no service`, { fault: 'system' });
    }
    return this.#services.resolve<T>(token.key);
  }

  /** The services for a record of needs; an optional one that is not there is undefined. */
  pick<const N extends Needs>(needs: N): Resolved<N> {
    const picked: Record<string, unknown> = {};
    for (const [name, need] of Object.entries(needs)) picked[name] = this.#one(need);
    return picked as Resolved<N>;
  }

  #one(need: Token<unknown> | OptionalToken<unknown>): unknown {
    if (!('optional' in need)) return this.get(need);
    return this.has(need.optional) ? this.get(need.optional) : undefined;
  }
}
