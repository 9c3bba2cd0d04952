import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job, Pod } from '@epinio/core';
import { decideOutcome, sortPods } from './outcome.ts';

test('the reason for which a job is ended stands, though its pods fail when they are', () => {
  const late: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'default', name: 'late' },
    spec: { backoffLimit: 0, activeDeadlineSeconds: 1, template: { spec: { containers: [] } } },
  };
  const none = sortPods([]);
  const decided = decideOutcome(late, none, 0, 2_000);
  assert.equal(decided?.reason, 'DeadlineExceeded');
  const { reason, message } = decided;
  const told: Job = {
    ...late,
    status: { conditions: [{ type: 'FailureTarget', status: 'True', reason, message }] },
  };
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'late-1' },
    spec: { containers: [] },
    status: { phase: 'Failed' },
  };
  assert.deepEqual(decideOutcome(told, sortPods([pod]), 0, 3_000), decided);
});
