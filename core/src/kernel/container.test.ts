import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Container } from './container.ts';
import { optional, token } from './token.ts';

const number = token<number>('test:number');
const text = token<string | undefined>('test:text');

describe('Container', () => {
  it('gives back what was set, also nothing', () => {
    const container = new Container();
    container.set(number, 7);
    container.set(text, undefined);
    assert.equal(container.get(number), 7);
    assert.equal(container.get(text), undefined);
  });

  it('refuses a second service for a token', () => {
    const container = new Container();
    container.set(number, 7);
    assert.throws(() => container.set(token<number>('test:number'), 8), { code: 'SERVICE_TAKEN' });
  });

  it('fails for a token without a service', () => {
    assert.throws(() => new Container().get(number), {
      code: 'SERVICE_MISSING',
      message: '"test:number" has no service',
    });
  });

  it('picks a record of needs; an optional one that is not there is undefined', () => {
    const container = new Container();
    container.set(number, 7);
    assert.deepEqual(container.pick({ count: number, title: optional(text) }), {
      count: 7,
      title: undefined,
    });
    assert.throws(() => container.pick({ title: text }), { code: 'SERVICE_MISSING' });
  });

  it('shares nothing with another container', () => {
    new Container().set(number, 7);
    assert.equal(new Container().has(number), false);
  });
});
