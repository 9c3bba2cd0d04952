import { MERGE, PODS, type Case, type Step } from './case.ts';

const BUDGETS = '/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets';

function pod(name: string): object {
  return {
    metadata: { name, labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'i' }], terminationGracePeriodSeconds: 0 },
  };
}

function budget(name: string, spec: object = {}): object {
  return {
    metadata: { name },
    spec: { selector: { matchLabels: { app: 'web' } }, minAvailable: 1, ...spec },
  };
}

function evict(name: string, expected: Partial<Step> & Pick<Step, 'status'>, more: object = {}): Step {
  return {
    request: `POST ${PODS}/${name}/eviction`,
    body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: '{ns}' }, ...more },
    ...expected,
  };
}

const make = (name: string): Step => ({ request: `POST ${PODS}`, body: pod(name), status: 201 });
const gone = (name: string): Step => ({ request: `GET ${PODS}/${name}`, status: 404 });

/** Makes a pod count as one that runs, ready or not. */
const runs = (name: string, ready: 'True' | 'False' = 'True'): Step => ({
  request: `PATCH ${PODS}/${name}/status`,
  contentType: MERGE,
  body: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready }] } },
  status: 200,
});

/** What the controller of budgets says of one. */
const says = (name: string, status: object): Step => ({
  request: `PATCH ${BUDGETS}/${name}/status`,
  contentType: MERGE,
  body: {
    status: { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, ...status },
  },
  status: 200,
});

/** Evictions, with the budgets that forbid them and without. */
export const EVICTION_CASES: readonly Case[] = [
  {
    name: 'evictions without a budget delete the pod',
    steps: [
      make('a'),
      evict('a', { status: 201, expect: { kind: 'Status', status: 'Success', code: 201 } }),
      gone('a'),
      make('b'),
      runs('b'),
      evict('b', { status: 201 }, { deleteOptions: { dryRun: ['All'] } }),
      { request: `GET ${PODS}/b`, status: 200, expect: { status: { phase: 'Running' } } },
      evict('b', { status: 409 }, { deleteOptions: { preconditions: { uid: 'other' } } }),
      evict('b', { status: 201 }),
      gone('b'),
    ],
  },
  {
    name: 'evictions that are wrong',
    steps: [
      evict('missing', { status: 404, message: 'pods "missing" not found' }),
      make('a'),
      evict(
        'a',
        { status: 400, message: 'name in URL does not match name in Eviction object' },
        { metadata: { name: 'b' } },
      ),
      { request: `GET ${PODS}/a/eviction`, status: 405 },
    ],
  },
  {
    name: 'a budget without disruptions forbids evictions',
    steps: [
      { request: `POST ${BUDGETS}`, body: budget('one'), status: 201 },
      make('a'),
      evict('a', { status: 201 }), // pending
      make('a'),
      runs('a'),
      evict('a', {
        status: 429,
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        expect: {
          reason: 'TooManyRequests',
          details: {
            retryAfterSeconds: 10,
            causes: [{ message: 'The disruption budget one is still being processed by the server.' }],
          },
        },
      }),
      says('one', { disruptionsAllowed: 0 }),
      evict('a', {
        status: 429,
        expect: {
          details: {
            causes: [
              {
                reason: 'DisruptionBudget',
                message: 'The disruption budget one needs 1 healthy pods and has 1 currently',
              },
            ],
          },
        },
      }),
      says('one', { disruptionsAllowed: 0, currentHealthy: 2 }),
      evict('a', {
        status: 429,
        expect: {
          details: {
            causes: [{ message: 'The disruption budget one does not allow evicting pods currently' }],
          },
        },
      }),
    ],
  },
  {
    name: 'a budget with disruptions is counted down',
    steps: [
      { request: `POST ${BUDGETS}`, body: budget('one'), status: 201 },
      make('a'),
      runs('a'),
      make('b'),
      runs('b'),
      says('one', { disruptionsAllowed: 1, currentHealthy: 2 }),
      evict('a', { status: 201 }, { deleteOptions: { dryRun: ['All'] } }),
      evict('a', { status: 201 }),
      {
        request: `GET ${BUDGETS}/one`,
        status: 200,
        expect: { status: { disruptionsAllowed: 0, conditions: [{ reason: 'InsufficientPods' }] } },
      },
      evict('b', { status: 429 }),
    ],
  },
  {
    name: 'pods that are not ready are evicted while others are enough',
    steps: [
      { request: `POST ${BUDGETS}`, body: budget('one'), status: 201 },
      make('a'),
      runs('a', 'False'),
      says('one', { disruptionsAllowed: 0 }),
      evict('a', { status: 201 }),
      make('b'),
      runs('b', 'False'),
      says('one', { disruptionsAllowed: 0, currentHealthy: 0 }),
      evict('b', { status: 429 }),
      {
        request: `PATCH ${BUDGETS}/one`,
        contentType: MERGE,
        body: { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
        status: 200,
      },
      evict('b', { status: 201 }),
    ],
  },
  {
    name: 'a pod of two budgets',
    steps: [
      { request: `POST ${BUDGETS}`, body: budget('one'), status: 201 },
      { request: `POST ${BUDGETS}`, body: budget('two'), status: 201 },
      make('a'),
      runs('a'),
      evict('a', {
        status: 500,
        expect: { status: 'Failure', code: 500 },
        message:
          'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      }),
    ],
  },
];
