import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventFor } from './event.ts';

const object = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace: 'workspace', uid: 'u1', resourceVersion: '7' },
};
const facts = { type: 'Warning', reason: 'RouteConflict', message: 'taken', component: 'x', at: 0 } as const;

describe('eventFor', () => {
  it('says the same thing twice under one name, with the newer time', () => {
    const first = eventFor(object, facts);
    const second = eventFor(object, { ...facts, at: 5_000 });
    assert.equal(second.metadata.name, first.metadata.name);
    assert.equal(second.lastTimestamp, '1970-01-01T00:00:05Z');
  });

  it('gives another fact, and a new object of the same name, an Event of their own', () => {
    const names = [
      eventFor(object, facts),
      eventFor(object, { ...facts, message: 'free' }),
      eventFor({ ...object, metadata: { ...object.metadata, uid: 'u2' } }, facts),
    ].map(({ metadata }) => metadata.name);
    assert.equal(new Set(names).size, 3);
  });

  it('puts the Event of a cluster-wide object into "default", and names no namespace of the object', () => {
    const event = eventFor({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }, facts);
    assert.equal(event.metadata.namespace, 'default');
    assert.equal(event.involvedObject.namespace, undefined);
  });
});
