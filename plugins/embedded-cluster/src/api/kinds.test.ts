import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestApi, type Answer } from './testing/test-api.ts';

let test: TestApi;

const SELECTOR = { matchLabels: { app: 'web' } };
const TEMPLATE = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'web:1' }] },
};
const JOB_SPEC = {
  template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'a' }] } },
};

before(async () => {
  test = await TestApi.start();
});

after(async () => {
  await test[Symbol.asyncDispose]();
});

function path(apiVersion: string, plural: string, namespaced = true): string {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}${namespaced ? '/namespaces/default' : ''}/${plural}`;
}

type Json = Readonly<Record<string, unknown>>;

async function create(
  apiVersion: string,
  kind: string,
  plural: string,
  rest: Json,
  namespaced = true,
): Promise<Answer> {
  const body = {
    apiVersion,
    kind,
    ...rest,
    metadata: { name: 'x', ...(rest['metadata'] as object | undefined) },
  };
  return test.client.call('POST', path(apiVersion, plural, namespaced), { body });
}

/** The cells of the one row of a table. */
async function cells(where: string): Promise<readonly unknown[]> {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const { text } = await test.client.call('GET', where, { headers: { accept } });
  return (JSON.parse(text) as { rows: readonly { cells: readonly unknown[] }[] }).rows[0]?.cells ?? [];
}

/** apiVersion, kind, plural, what a client sends, what the cells after the name begin with. */
const KINDS: readonly (readonly [string, string, string, Json, readonly unknown[], boolean?])[] = [
  [
    'apps/v1',
    'StatefulSet',
    'statefulsets',
    { spec: { serviceName: 'web', selector: SELECTOR, template: TEMPLATE } },
    ['0/1'],
  ],
  [
    'apps/v1',
    'DaemonSet',
    'daemonsets',
    { spec: { selector: SELECTOR, template: TEMPLATE } },
    [0, 0, 0, 0, 0, '<none>'],
  ],
  [
    'apps/v1',
    'ControllerRevision',
    'controllerrevisions',
    { revision: 3, data: { spec: {} } },
    ['<none>', 3],
  ],
  [
    'batch/v1',
    'CronJob',
    'cronjobs',
    { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: JOB_SPEC } } },
    ['*/5 * * * *', '<none>', 'False', 0, '<none>'],
  ],
  [
    'v1',
    'Endpoints',
    'endpoints',
    { subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }] },
    ['10.1.2.3:80'],
  ],
  ['v1', 'LimitRange', 'limitranges', { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } }, []],
  ['v1', 'PodTemplate', 'podtemplates', { template: TEMPLATE }, ['main', 'web:1', 'app=web']],
  ['v1', 'ReplicationController', 'replicationcontrollers', { spec: { template: TEMPLATE } }, [1, 0, 0]],
  [
    'networking.k8s.io/v1',
    'NetworkPolicy',
    'networkpolicies',
    { spec: { podSelector: SELECTOR } },
    ['app=web'],
  ],
  [
    'policy/v1',
    'PodDisruptionBudget',
    'poddisruptionbudgets',
    { spec: { minAvailable: '50%', selector: SELECTOR } },
    ['50%', 'N/A', 0],
  ],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    'horizontalpodautoscalers',
    { spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' } } },
    ['Deployment/web', 'cpu: <unknown>/80%', '1', 3, 0],
  ],
  ['scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', { value: 7 }, [7, false], false],
  [
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    'validatingwebhookconfigurations',
    { webhooks: [webhook()] },
    [1],
    false,
  ],
  [
    'admissionregistration.k8s.io/v1',
    'MutatingWebhookConfiguration',
    'mutatingwebhookconfigurations',
    { webhooks: [webhook()] },
    [1],
    false,
  ],
  [
    'apiregistration.k8s.io/v1',
    'APIService',
    'apiservices',
    {
      metadata: { name: 'v1.metrics.example.com' },
      spec: {
        group: 'metrics.example.com',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { namespace: 'default', name: 'metrics' },
      },
    },
    ['default/metrics', 'Unknown'],
    false,
  ],
  [
    'storage.k8s.io/v1',
    'CSIDriver',
    'csidrivers',
    { spec: {} },
    [true, false, false, '<unset>', false, 'Persistent'],
    false,
  ],
  ['storage.k8s.io/v1', 'CSINode', 'csinodes', { spec: { drivers: [] } }, [0], false],
  [
    'storage.k8s.io/v1',
    'CSIStorageCapacity',
    'csistoragecapacities',
    { storageClassName: 'local', capacity: '1Gi' },
    ['local', '1Gi'],
  ],
  [
    'storage.k8s.io/v1',
    'VolumeAttachment',
    'volumeattachments',
    { spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'p' } } },
    ['a', 'p', 'n', false],
    false,
  ],
];

function webhook(): Json {
  return {
    name: 'check.example.com',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    clientConfig: { url: 'https://example.com/check' },
  };
}

describe('kinds', () => {
  for (const [apiVersion, kind, plural, rest, shown, namespaced = true] of KINDS) {
    it(`${kind} is created, shown as a table, explained and deleted`, async () => {
      const made = await create(apiVersion, kind, plural, rest, namespaced);
      assert.equal(made.status, 201, made.text);
      const where = `${path(apiVersion, plural, namespaced)}/${made.body.metadata.name ?? ''}`;
      const [name, ...row] = await cells(where);
      assert.equal(name, made.body.metadata.name);
      assert.deepEqual(row.slice(0, shown.length), shown);
      const again = await test.client.call('PUT', where, { body: made.body });
      assert.equal(again.status, 200, again.text);
      assert.equal(
        again.body.metadata.resourceVersion,
        made.body.metadata.resourceVersion,
        'nothing changed',
      );
      assert.equal((await test.client.call('DELETE', where)).status, 200);
    });
  }

  it('an event of either API is the same object', async () => {
    const event = {
      regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
      eventTime: '2026-01-02T03:04:05.000006Z',
      ...{ note: 'it is so', type: 'Normal', reason: 'Because', action: 'Being' },
      ...{ reportingController: 'example.com/me', reportingInstance: 'me-1' },
    };
    const made = await create('events.k8s.io/v1', 'Event', 'events', event);
    assert.equal(made.status, 201, made.text);
    const core = await test.client.call('GET', '/api/v1/namespaces/default/events/x');
    const seen = JSON.parse(core.text) as Json;
    assert.equal(seen['apiVersion'], 'v1');
    assert.deepEqual(
      [seen['message'], seen['reportingComponent'], (seen['involvedObject'] as Json)['name']],
      ['it is so', 'example.com/me', 'p'],
    );
    const listed = await test.client.call(
      'GET',
      '/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp',
    );
    assert.equal((listed.body.items?.[0] as unknown as Json)['note'], 'it is so');
    const where = '/apis/events.k8s.io/v1/namespaces/default/events/x';
    const series = { series: { count: 2, lastObservedTime: '2026-01-02T03:05:05.000006Z' } };
    const patched = await test.client.call('PATCH', where, {
      body: series,
      contentType: 'application/merge-patch+json',
    });
    assert.equal(patched.status, 200, patched.text);
    const changed = await test.client.call('PATCH', where, {
      body: { note: 'it is otherwise' },
      contentType: 'application/merge-patch+json',
    });
    assert.equal(changed.status, 422);
    assert.match(changed.text, /message: Invalid value: \\"it is otherwise\\": field is immutable/);
    assert.equal((await test.client.call('DELETE', where)).status, 200);
    assert.equal((await test.client.call('GET', '/api/v1/namespaces/default/events/x')).status, 404);
  });

  it('what is wrong is told as Kubernetes tells it', async () => {
    const bad: readonly (readonly [string, string, string, Json, RegExp])[] = [
      [
        'batch/v1',
        'CronJob',
        'cronjobs',
        { spec: { schedule: '61 * * * *', jobTemplate: { spec: JOB_SPEC } } },
        /spec.schedule: Invalid value: \\"61 \* \* \* \*\\": end of range \(61\) above maximum \(59\): 61/,
      ],
      [
        'batch/v1',
        'CronJob',
        'cronjobs',
        { spec: { schedule: '* *', jobTemplate: { spec: JOB_SPEC } } },
        /expected exactly 5 fields, found 2: \[\* \*\]/,
      ],
      [
        'batch/v1',
        'CronJob',
        'cronjobs',
        { spec: { schedule: '@daily', timeZone: 'Mars/Olympus', jobTemplate: { spec: JOB_SPEC } } },
        /unknown time zone Mars\/Olympus/,
      ],
      [
        'apps/v1',
        'StatefulSet',
        'statefulsets',
        { spec: { selector: SELECTOR, template: TEMPLATE, podManagementPolicy: 'Maybe' } },
        /must be 'OrderedReady' or 'Parallel'/,
      ],
      [
        'apps/v1',
        'DaemonSet',
        'daemonsets',
        {
          spec: {
            selector: SELECTOR,
            template: TEMPLATE,
            updateStrategy: { rollingUpdate: { maxSurge: 1 } },
          },
        },
        /may not be set when maxUnavailable is non-zero/,
      ],
      [
        'batch/v1',
        'Job',
        'jobs',
        { spec: { ...JOB_SPEC, completionMode: 'Indexed', parallelism: 1 } },
        /spec.completions: Required value: when completion mode is Indexed/,
      ],
      [
        'v1',
        'Pod',
        'pods',
        { spec: { priorityClassName: 'nobody', containers: [{ name: 'a', image: 'a' }] } },
        /no PriorityClass with name nobody was found/,
      ],
    ];
    for (const [apiVersion, kind, plural, rest, message] of bad) {
      const refused = await create(apiVersion, kind, plural, rest);
      assert.ok(refused.status === 422 || refused.status === 403, `${kind}: ${refused.text}`);
      assert.match(refused.text, message);
    }
  });

  it('a StatefulSet changes only what it may', async () => {
    await create('apps/v1', 'StatefulSet', 'statefulsets', {
      metadata: { name: 'fixed' },
      spec: { serviceName: 'web', selector: SELECTOR, template: TEMPLATE },
    });
    const where = `${path('apps/v1', 'statefulsets')}/fixed`;
    const patch = async (spec: Json): Promise<Answer> =>
      test.client.call('PATCH', where, { body: { spec }, contentType: 'application/merge-patch+json' });
    assert.match(
      (await patch({ serviceName: 'other' })).text,
      /updates to statefulset spec for fields other than 'replicas', 'ordinals'/,
    );
    assert.equal((await patch({ replicas: 3 })).status, 200);
    const scale = await test.client.call('GET', `${where}/scale`);
    assert.deepEqual((JSON.parse(scale.text) as { status: Json }).status, {
      replicas: 0,
      selector: 'app=web',
    });
  });

  it('a DaemonSet counts its templates', async () => {
    const made = await create('apps/v1', 'DaemonSet', 'daemonsets', {
      metadata: { name: 'counted' },
      spec: { selector: SELECTOR, template: TEMPLATE },
    });
    const annotation = 'deprecated.daemonset.template.generation';
    assert.equal(made.body.metadata.annotations?.[annotation], '1');
    const patched = await test.client.call('PATCH', `${path('apps/v1', 'daemonsets')}/counted`, {
      body: { spec: { template: { metadata: { annotations: { a: 'b' } } } } },
      contentType: 'application/merge-patch+json',
    });
    assert.equal(patched.body.metadata.annotations?.[annotation], '2');
  });

  it('a LimitRange fills in and refuses', async () => {
    const limits = [
      {
        type: 'Container',
        default: { memory: '128Mi' },
        defaultRequest: { memory: '64Mi' },
        max: { memory: '256Mi' },
      },
      { type: 'Pod', max: { memory: '300Mi' } },
      { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } },
    ];
    await create('v1', 'LimitRange', 'limitranges', { metadata: { name: 'range' }, spec: { limits } });
    const pod = async (name: string, ...memory: readonly (string | undefined)[]): Promise<Answer> =>
      create('v1', 'Pod', 'pods', {
        metadata: { name },
        spec: {
          containers: memory.map((limit, index) => ({
            ...{ name: `c${index}`, image: 'a' },
            ...(limit === undefined ? {} : { resources: { limits: { memory: limit } } }),
          })),
        },
      });
    const filled = await pod('filled', undefined);
    const { spec } = JSON.parse(filled.text) as { spec: { containers: readonly Json[] } };
    assert.deepEqual(spec.containers[0]?.['resources'], {
      limits: { memory: '128Mi' },
      requests: { memory: '64Mi' },
    });
    assert.equal(
      filled.body.metadata.annotations?.['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: memory request for container c0; memory limit for container c0',
    );
    assert.equal(
      (await pod('large', '1Gi')).body.message,
      'pods "large" is forbidden: [maximum memory usage per Container is 256Mi, but limit is 1Gi, maximum memory usage per Pod is 300Mi, but limit is 1Gi]',
    );
    assert.equal(
      (await pod('both', '200Mi', '200Mi')).body.message,
      'pods "both" is forbidden: maximum memory usage per Pod is 300Mi, but limit is 400Mi',
    );
    const claim = await create('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', {
      metadata: { name: 'large' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
    });
    assert.equal(
      claim.body.message,
      'persistentvolumeclaims "large" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
    );
  });
});
