import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builtinSchema } from '../schema/builtin.ts';
import { StatusError } from '../status.ts';
import type { ApiObject } from '../storage/api-object.ts';
import { applyConfiguration } from './apply.ts';
import { recordUpdate, type Change } from './update.ts';

const TIME = '2026-01-01T00:00:00Z';

/** One object that several managers change, as the documentation of server-side apply tells it. */
class Story {
  readonly #kind: string;
  readonly #apiVersion: string;
  readonly #type: string;
  object: ApiObject;

  constructor(apiVersion: string, kind: string, type: string) {
    [this.#apiVersion, this.#kind, this.#type] = [apiVersion, kind, type];
    this.object = this.#make({});
  }

  apply(manager: string, fields: object, force = false): void {
    const applied = this.#make(fields);
    const empty = this.#make({});
    this.object = applyConfiguration(this.object, applied, this.#change(manager, 'Apply'), { force, empty });
    this.object.metadata.uid ??= 'there';
  }

  /** A PUT of the object with other fields. */
  update(manager: string, fields: object): void {
    const next = { ...this.object, ...fields, metadata: { ...this.object.metadata } };
    recordUpdate(this.object, next, this.#change(manager, 'Update'));
    this.object = next;
  }

  /** The fields that conflict, with whom they do. */
  conflicts(manager: string, fields: object): Readonly<Record<string, string>> {
    const before = structuredClone(this.object);
    let refused: StatusError | undefined;
    try {
      this.apply(manager, fields);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      refused = error;
    }
    assert.equal(refused?.code, 409, 'it does not conflict');
    assert.deepEqual(this.object, before, 'a conflict changes nothing');
    return Object.fromEntries(
      (refused.details?.causes ?? []).map(({ field = '', message = '' }) => [field, message]),
    );
  }

  owned(manager: string): unknown {
    return this.object.metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;
  }

  #make(fields: object): ApiObject {
    return { apiVersion: this.#apiVersion, kind: this.#kind, metadata: { name: 'x' }, ...fields };
  }

  #change(manager: string, operation: 'Apply' | 'Update'): Change {
    const schema = builtinSchema(this.#type);
    return { schema, manager: { manager, operation, apiVersion: this.#apiVersion }, time: TIME, ignored: {} };
  }
}

const configMap = (): Story => new Story('v1', 'ConfigMap', 'core.v1.ConfigMap');
const deployment = (): Story => new Story('apps/v1', 'Deployment', 'apps.v1.Deployment');
const pod = (...containers: object[]): object => ({ template: { spec: { containers } } });

describe('server-side apply', () => {
  it('makes who applies a field its owner', () => {
    const story = configMap();
    story.apply('one', { data: { a: '1', b: '1' } });
    assert.deepEqual(story.owned('one'), { 'f:data': { 'f:a': {}, 'f:b': {} } });
    assert.deepEqual(story.object['data'], { a: '1', b: '1' });
  });

  it('refuses to change what somebody else owns, and says whose it is', () => {
    const story = configMap();
    story.apply('one', { data: { a: '1', b: '1' } });
    assert.deepEqual(story.conflicts('two', { data: { a: '2', b: '1' } }), {
      '.data.a': 'conflict with "one"',
    });
  });

  it('takes fields over when it is forced to', () => {
    const story = configMap();
    story.apply('one', { data: { a: '1', b: '1' } });
    story.apply('two', { data: { a: '2' } }, true);
    assert.deepEqual(story.object['data'], { a: '2', b: '1' });
    assert.deepEqual(story.owned('one'), { 'f:data': { 'f:b': {} } });
    assert.deepEqual(story.owned('two'), { 'f:data': { 'f:a': {} } });
  });

  it('lets owners share what they agree on, until the last gives it up', () => {
    const story = configMap();
    story.apply('one', { data: { a: '1' } });
    story.apply('two', { data: { a: '1' } });
    story.apply('one', {});
    assert.deepEqual(story.object['data'], { a: '1' });
    assert.equal(story.owned('one'), undefined);
    story.apply('two', { data: { b: '1' } });
    assert.deepEqual(story.object['data'], { b: '1' });
  });

  it('removes what its owner gives up, and nothing else', () => {
    const story = configMap();
    story.apply('one', { data: { a: '1', b: '1' }, immutable: false });
    story.update('hand', { data: { a: '1', b: '1', c: '1' } });
    story.apply('one', { data: { b: '1' } });
    assert.deepEqual(story.object['data'], { b: '1', c: '1' });
    assert.equal(story.object['immutable'], undefined);
  });

  it('hands replicas to an autoscaler', () => {
    const story = deployment();
    const web = { name: 'web', image: 'web:1' };
    story.apply('user', { spec: { replicas: 1, ...pod(web) } });
    story.update('autoscaler', { spec: { replicas: 3, ...pod(web) } });
    assert.deepEqual(story.conflicts('user', { spec: { replicas: 1, ...pod(web) } }), {
      '.spec.replicas': 'conflict with "autoscaler" using apps/v1',
    });
    story.apply('user', { spec: pod({ ...web, image: 'web:2' }) });
    assert.deepEqual(story.object['spec'], { replicas: 3, ...pod({ ...web, image: 'web:2' }) });
  });

  it('merges lists of maps by their keys, and owns items and their fields one by one', () => {
    const story = deployment();
    story.apply('one', { spec: pod({ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }) });
    const udp = { containerPort: 80, protocol: 'UDP' };
    story.apply('two', { spec: pod({ name: 'web', ports: [udp] }, { name: 'side', image: 'side:1' }) });
    const web = { name: 'web', image: 'web:1', ports: [{ containerPort: 80 }, udp] };
    assert.deepEqual(story.object['spec'], pod(web, { name: 'side', image: 'side:1' }));
    assert.deepEqual(story.conflicts('two', { spec: pod({ name: 'web', image: 'web:2' }) }), {
      '.spec.template.spec.containers[name="web"].image': 'conflict with "one"',
    });
    story.apply('two', { spec: pod({ name: 'side', image: 'side:1' }) });
    assert.deepEqual(
      story.object['spec'],
      pod({ ...web, ports: [{ containerPort: 80 }] }, { name: 'side', image: 'side:1' }),
    );
    story.apply('one', { spec: {} });
    assert.deepEqual(story.object['spec'], pod({ name: 'side', image: 'side:1' }));
  });

  it('merges sets by their values', () => {
    const story = configMap();
    story.apply('one', { metadata: { name: 'x', finalizers: ['a/b', 'a/c'] } });
    story.apply('two', { metadata: { name: 'x', finalizers: ['a/c', 'a/d'] } });
    assert.deepEqual(story.object.metadata.finalizers, ['a/b', 'a/c', 'a/d']);
    assert.deepEqual(story.owned('two'), {
      'f:metadata': { 'f:finalizers': { 'v:"a/c"': {}, 'v:"a/d"': {} } },
    });
    story.apply('one', {});
    assert.deepEqual(story.object.metadata.finalizers, ['a/c', 'a/d']);
  });

  it('replaces what is atomic as a whole', () => {
    const story = deployment();
    story.apply('one', { spec: { selector: { matchLabels: { a: '1' } } } });
    assert.deepEqual(story.conflicts('two', { spec: { selector: { matchLabels: { b: '2' } } } }), {
      '.spec.selector': 'conflict with "one"',
    });
    story.apply('two', { spec: { selector: { matchLabels: { b: '2' } } } }, true);
    assert.deepEqual(story.object['spec'], { selector: { matchLabels: { b: '2' } } });
    assert.equal(story.owned('one'), undefined);
  });

  it('changes nothing when it is repeated', () => {
    const story = deployment();
    const fields = { spec: { replicas: 2, ...pod({ name: 'web', image: 'web:1' }) } };
    story.apply('one', fields);
    const before = structuredClone(story.object);
    story.apply('one', fields);
    assert.deepEqual(story.object, before);
  });

  it('gives what was there before it to nobody in particular', () => {
    const story = configMap();
    story.object = { ...story.object, metadata: { name: 'x', uid: 'there' }, data: { a: '1' } };
    assert.deepEqual(story.conflicts('one', { data: { a: '2' } }), {
      '.data.a': 'conflict with "before-first-apply" using v1',
    });
    story.apply('one', { data: { a: '2' } }, true);
    assert.deepEqual(story.object['data'], { a: '2' });
  });

  it('owns fields with names that every object has as any other', () => {
    const story = configMap();
    story.apply('one', { data: { constructor: '1', toString: '1' } });
    assert.deepEqual(story.owned('one'), { 'f:data': { 'f:constructor': {}, 'f:toString': {} } });
    story.update('hand', { data: { toString: '2' } });
    assert.equal(story.owned('one'), undefined, 'one has lost both');
    assert.deepEqual(story.owned('hand'), { 'f:data': { 'f:toString': {} } });
  });
});
