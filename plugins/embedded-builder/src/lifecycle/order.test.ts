import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Buildpack, OrderElement } from './buildpack.ts';
import { resolveOrder } from './order.ts';

/** "E? O" is a group of an optional E and an O; several groups are lines. */
function order(text: string): readonly (readonly OrderElement[])[] {
  return text.split('|').map((line) =>
    line
      .trim()
      .split(/ +/)
      .map((word) => ({ id: word.replace('?', ''), version: '1', optional: word.endsWith('?') })),
  );
}

function resolve(text: string, composites: Readonly<Record<string, string>>): string {
  const find = ({ id }: OrderElement): Buildpack => {
    const inner = composites[id];
    return { id, order: inner === undefined ? [] : order(inner) } as unknown as Buildpack;
  };
  return resolveOrder(order(text), find)
    .map((group) => group.map(({ buildpack, optional }) => buildpack.id + (optional ? '?' : '')).join(' '))
    .join(' | ');
}

describe('an order', () => {
  const composites = { O: 'A B | C D', P: 'E F | G H', N: 'O X' };
  const cases: readonly (readonly [order: string, expected: string])[] = [
    ['A B | C', 'A B | C'],
    ['E O F', 'E A B F | E C D F'],
    ['O P', 'A B E F | A B G H | C D E F | C D G H'],
    ['N', 'A B X | C D X'],
    ['A? B', 'A? B'],
    ['O? Z', 'A B Z | C D Z | Z'],
  ];
  for (const [text, expected] of cases)
    it(`${text} is ${expected}`, () => assert.equal(resolve(text, composites), expected));

  it('may not contain itself', () => {
    assert.throws(() => resolve('O', { O: 'O' }), /Buildpack "O" contains itself/);
  });
});
