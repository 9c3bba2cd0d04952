import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builtinSchema } from '../schema/builtin.ts';
import { StatusError } from '../status.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

interface Example {
  readonly what: string;
  readonly type: string;
  readonly live: object;
  readonly patch: object;
  readonly result: object;
}

const POD = 'core.v1.PodSpec';
const CONTAINER = 'core.v1.Container';
const META = 'meta.v1.ObjectMeta';
const a = { name: 'a', image: 'a:1' };
const b = { name: 'b', image: 'b:1' };
const c = { name: 'c', image: 'c:1' };

/** What Kubernetes documents of strategic merge patches, a rule each. */
const EXAMPLES: readonly Example[] = [
  {
    what: 'a list with a merge key is merged item by item, and new items come first',
    type: POD,
    live: { containers: [a] },
    patch: {
      containers: [
        { name: 'b', image: 'b:1' },
        { name: 'a', tty: true },
      ],
    },
    result: { containers: [b, { ...a, tty: true }] },
  },
  {
    what: 'a list that has another merge key goes by that',
    type: CONTAINER,
    live: { name: 'a', ports: [{ containerPort: 80 }, { containerPort: 81, protocol: 'UDP' }] },
    patch: { ports: [{ containerPort: 81, name: 'x' }] },
    result: {
      name: 'a',
      ports: [{ containerPort: 80 }, { containerPort: 81, protocol: 'UDP', name: 'x' }],
    },
  },
  {
    what: 'a list without a merge key is replaced',
    type: POD,
    live: { tolerations: [{ key: 'x', operator: 'Exists' }] },
    patch: { tolerations: [{ key: 'y' }] },
    result: { tolerations: [{ key: 'y' }] },
  },
  {
    what: 'a list of scalars that is atomic is replaced',
    type: CONTAINER,
    live: { args: ['x', 'y'] },
    patch: { args: ['z'] },
    result: { args: ['z'] },
  },
  {
    what: 'a list of scalars that is a set gets what is new',
    type: META,
    live: { finalizers: ['x', 'y'] },
    patch: { finalizers: ['y', 'z'] },
    result: { finalizers: ['x', 'y', 'z'] },
  },
  {
    what: 'objects are merged, null removes a field',
    type: META,
    live: { labels: { a: '1', b: '2' }, annotations: { x: '1' } },
    patch: { labels: { a: null, c: '3' }, annotations: null },
    result: { labels: { b: '2', c: '3' } },
  },
  {
    what: '$patch: delete removes an item',
    type: POD,
    live: { containers: [a, b, c] },
    patch: { containers: [{ $patch: 'delete', name: 'b' }] },
    result: { containers: [a, c] },
  },
  {
    what: '$patch: delete of an item that is not there does nothing',
    type: POD,
    live: { containers: [a] },
    patch: { containers: [{ $patch: 'delete', name: 'b' }] },
    result: { containers: [a] },
  },
  {
    what: '$patch: replace in a list replaces the list',
    type: POD,
    live: { containers: [a, b] },
    patch: { containers: [c, { $patch: 'replace' }] },
    result: { containers: [c] },
  },
  {
    what: '$patch: replace alone empties the list',
    type: POD,
    live: { containers: [a, b] },
    patch: { containers: [{ $patch: 'replace' }] },
    result: { containers: [] },
  },
  {
    what: '$patch: replace in an object replaces the object',
    type: POD,
    live: { securityContext: { runAsUser: 1, runAsGroup: 1 } },
    patch: { securityContext: { $patch: 'replace', fsGroup: 2 } },
    result: { securityContext: { fsGroup: 2 } },
  },
  {
    what: '$patch: delete in an object empties it',
    type: POD,
    live: { securityContext: { runAsUser: 1 } },
    patch: { securityContext: { $patch: 'delete' } },
    result: { securityContext: {} },
  },
  {
    what: '$deleteFromPrimitiveList removes what it lists, and nothing else',
    type: META,
    live: { finalizers: ['x', 'y', 'z'] },
    patch: { '$deleteFromPrimitiveList/finalizers': ['y', 'nope'] },
    result: { finalizers: ['x', 'z'] },
  },
  {
    what: '$setElementOrder orders items',
    type: POD,
    live: { containers: [a, b, c] },
    patch: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }, { name: 'b' }] },
    result: { containers: [c, a, b] },
  },
  {
    what: '$setElementOrder orders what the patch brings, too',
    type: POD,
    live: { containers: [a, b] },
    patch: {
      '$setElementOrder/containers': [{ name: 'a' }, { name: 'c' }, { name: 'b' }],
      containers: [c],
    },
    result: { containers: [a, c, b] },
  },
  {
    what: '$setElementOrder leaves items that it does not name where they are',
    type: POD,
    live: { containers: [a, b, c] },
    patch: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }] },
    result: { containers: [a, c, b] },
  },
  {
    what: '$setElementOrder orders scalars',
    type: META,
    live: { finalizers: ['x', 'y'] },
    patch: { '$setElementOrder/finalizers': ['z', 'y', 'x'], finalizers: ['z'] },
    result: { finalizers: ['z', 'y', 'x'] },
  },
  {
    what: '$retainKeys keeps what it names',
    type: 'apps.v1.DeploymentSpec',
    live: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    patch: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    result: { strategy: { type: 'Recreate' } },
  },
  {
    what: '$retainKeys in an item makes one kind of volume of another',
    type: POD,
    live: { volumes: [{ name: 'v', emptyDir: {} }] },
    patch: { volumes: [{ $retainKeys: ['name', 'secret'], name: 'v', secret: { secretName: 's' } }] },
    result: { volumes: [{ name: 'v', secret: { secretName: 's' } }] },
  },
  {
    what: 'an empty patch of a list changes nothing',
    type: POD,
    live: { containers: [a] },
    patch: { containers: [] },
    result: { containers: [a] },
  },
];

describe('a strategic merge patch', () => {
  for (const { what, type, live, patch, result } of EXAMPLES)
    it(what, () => {
      const before = structuredClone(live);
      const made = strategicMergePatch(live, patch, builtinSchema(type));
      assert.deepEqual(made, result);
      assert.deepEqual(live, before, 'the live object is left as it was');
      assert.doesNotMatch(JSON.stringify(made), /\$/, 'no directive is left');
    });

  it('is refused when it is malformed', () => {
    const schema = builtinSchema(POD);
    for (const patch of [
      { $patch: 'nonsense' },
      { containers: [{ image: 'x' }] },
      { containers: ['x'] },
      { containers: [{ name: 'a', $patch: 5 }] },
    ])
      assert.throws(
        () => strategicMergePatch({ containers: [a] }, patch, schema),
        (error) => error instanceof StatusError && error.code >= 400,
        JSON.stringify(patch),
      );
  });
});
