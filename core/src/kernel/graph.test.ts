import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { order, type GraphNode } from './graph.ts';

function node(provides: string, ...needs: string[]): GraphNode {
  return {
    name: `plugin "${provides}-plugin"`,
    provides,
    needs: needs.map((need) => ({ token: need.replace('?', ''), optional: need.endsWith('?') })),
  };
}

function names(nodes: readonly GraphNode[]): string[] {
  return nodes.map((each) => each.provides);
}

describe('order', () => {
  it('puts each node after all it needs, and leaves the rest in the order they came in', () => {
    const { sorted, problems } = order([node('a', 'c'), node('b'), node('c', 'd'), node('d')], new Set());
    assert.deepEqual(problems, []);
    assert.deepEqual(names(sorted), ['d', 'c', 'a', 'b']);
  });

  it('puts a node after an optional need that is there, and does without one that is not', () => {
    const { sorted, problems } = order([node('a', 'b?', 'nowhere?'), node('b')], new Set());
    assert.deepEqual(problems, []);
    assert.deepEqual(names(sorted), ['b', 'a']);
  });

  it('takes what is given as met', () => {
    assert.deepEqual(order([node('a', 'port:log')], new Set(['port:log'])).problems, []);
  });

  it('names both providers of one token', () => {
    const { problems } = order([node('a'), { ...node('a'), name: 'plugin "other"' }], new Set());
    assert.deepEqual(
      problems.map((problem) => [problem.code, problem.message]),
      [['PLUGIN_DUPLICATE', '"a" is provided twice: by plugin "a-plugin" and by plugin "other"']],
    );
  });

  it('refuses a provider of what is given already', () => {
    assert.match(
      order([node('port:log')], new Set(['port:log'])).problems[0]?.message ?? '',
      /by the platform itself/,
    );
  });

  it('names who needs what nobody provides', () => {
    const { problems } = order([node('a', 'b')], new Set());
    assert.deepEqual(
      problems.map((problem) => [problem.code, problem.message]),
      [['PLUGIN_NEED_MISSING', 'Plugin "a-plugin" needs "b", which nothing provides']],
    );
  });

  it('names a cycle as a path, and nothing beside it', () => {
    const { problems } = order([node('z', 'a'), node('a', 'b'), node('b', 'c'), node('c', 'a')], new Set());
    assert.deepEqual(
      problems.map((problem) => [problem.code, problem.message]),
      [
        [
          'PLUGIN_CYCLE',
          'Components need each other in a circle: plugin "a-plugin" ("a") -> plugin "b-plugin" ("b") -> plugin "c-plugin" ("c") -> plugin "a-plugin" ("a")',
        ],
      ],
    );
  });

  it('names a node that needs itself', () => {
    assert.match(
      order([node('a', 'a')], new Set()).problems[0]?.message ?? '',
      /"a-plugin" \("a"\) -> plugin "a-plugin" \("a"\)$/,
    );
  });

  it('tells all problems at once', () => {
    const { problems } = order([node('a', 'b'), node('b', 'a'), node('c', 'x'), node('c')], new Set());
    assert.deepEqual(problems.map((problem) => problem.code).toSorted(), [
      'PLUGIN_CYCLE',
      'PLUGIN_DUPLICATE',
      'PLUGIN_NEED_MISSING',
    ]);
  });
});
