import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deployment, ReplicaSet } from '../kube/kinds.ts';
import type { ContainerStatus, Pod } from '../kube/pod-kinds.ts';
import { diagnose, newestPods, portNotes } from './diagnosis.ts';

const healthy: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', uid: 'd1' },
  spec: { selector: {}, template: { spec: { containers: [] } } },
};

function pod(container: Partial<ContainerStatus>, status: Pod['status'] = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [] },
    status: {
      ...status,
      containerStatuses: [{ name: 'c', ready: false, restartCount: 0, image: 'i:1', ...container }],
    },
  };
}

function reasonOf(one: Pod, deployment = healthy): [string | undefined, boolean | undefined] {
  const found = diagnose(deployment, [one]);
  return [found?.reason, found?.isFinal];
}

const exited = { terminated: { exitCode: 1, reason: 'Error' } };

describe('the diagnosis of a version that does not come up', () => {
  it('forgives one crash, not two', () => {
    const reason = 'the application ended with exit code 1';
    assert.deepEqual(reasonOf(pod({ state: exited })), [reason, false]);
    assert.deepEqual(reasonOf(pod({ restartCount: 1, state: { running: {} }, lastState: exited })), [
      reason,
      false,
    ]);
    const loop = { waiting: { reason: 'CrashLoopBackOff' } };
    assert.deepEqual(reasonOf(pod({ restartCount: 1, state: loop, lastState: exited })), [reason, true]);
    assert.deepEqual(reasonOf(pod({ restartCount: 2, state: { running: {} }, lastState: exited })), [
      reason,
      true,
    ]);
  });

  it('knows ends that are no crashes', () => {
    const done = { terminated: { exitCode: 0 } };
    const [reason, isFinal] = reasonOf(
      pod({ restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: done }),
    );
    assert.match(reason ?? '', /ends at once, with exit code 0/);
    assert.equal(isFinal, true);
    const killed = { terminated: { exitCode: 137, reason: 'OOMKilled' } };
    assert.match(reasonOf(pod({ restartCount: 2, lastState: killed }))[0] ?? '', /more memory than it may/);
  });

  it('gives up on images that cannot be pulled, not on the first try', () => {
    const waiting = (reason: string) => ({ state: { waiting: { reason, message: 'no such host' } } });
    assert.deepEqual(reasonOf(pod(waiting('ErrImagePull'))), [
      'the instance cannot start: ErrImagePull: no such host',
      false,
    ]);
    assert.deepEqual(reasonOf(pod(waiting('ImagePullBackOff'))), [
      'image "i:1" cannot be pulled: no such host',
      true,
    ]);
    assert.equal(diagnose(healthy, [pod(waiting('ContainerCreating'))]), undefined);
  });

  it('takes the word of a node that sees the port ignored', () => {
    const message =
      'Container rsample-1 listens on port 3000 instead of PORT (34567); read the PORT environment variable';
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'e' },
      involvedObject: { uid: 'p1' },
      reason: 'PortIgnored',
      message,
    } as const;
    const silent = pod({ state: { running: {} } });
    const own = { ...silent, metadata: { ...silent.metadata, uid: 'p1' } };
    const found = diagnose(healthy, [own], portNotes([event]));
    assert.deepEqual(found?.isFinal, true);
    assert.match(found.reason, /^the application listens on port 3000 instead of PORT \(34567\)/);
    const serving = pod(
      { ready: true, state: { running: {} } },
      { conditions: [{ type: 'Ready', status: 'True' }] },
    );
    const other = { ...serving, metadata: { ...serving.metadata, uid: 'p1' } };
    assert.equal(
      diagnose(healthy, [other], portNotes([event])),
      undefined,
      'it serves: what else it does is its own',
    );
  });

  it('waits for what may still come, until the cluster says that it is too late', () => {
    const silent = pod({ state: { running: {} } });
    assert.deepEqual(reasonOf(silent), [
      'the application runs, but nothing listens on the port in its variable PORT',
      false,
    ]);
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'late' },
    ] as const;
    const overdue: Deployment = { ...healthy, status: { conditions } };
    assert.deepEqual(reasonOf(silent, overdue)[1], true);
    assert.match(reasonOf(silent, overdue)[0] ?? '', /nothing listens/);
    assert.deepEqual(diagnose(overdue, [])?.reason, 'late');
  });

  it('looks at the newest revision only', () => {
    const set = (name: string, revision: number): ReplicaSet => ({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name,
        uid: name,
        annotations: { 'deployment.kubernetes.io/revision': String(revision) },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'd1' }],
      },
      spec: { selector: {} },
    });
    const owned = (owner: string): Pod => ({
      ...pod({}),
      metadata: {
        name: `${owner}-pod`,
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner }],
      },
    });
    const found = newestPods(healthy, [set('new', 12), set('old', 9)], [owned('old'), owned('new')]);
    assert.deepEqual(
      found.map(({ metadata }) => metadata.name),
      ['new-pod'],
    );
  });
});
