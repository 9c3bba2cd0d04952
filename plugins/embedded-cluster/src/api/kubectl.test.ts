import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it, type TestContext } from 'node:test';
import { needProgram } from '@epinio/core/testkit';
import { TestApi } from './testing/test-api.ts';

interface Ran {
  readonly code: number;
  readonly output: string;
}

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: c, image: web:1, ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat', shortNames: ['bo'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [{ name: 'Sails', type: 'integer', jsonPath: '.spec.sails' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { sails: { type: 'integer', default: 2 } } } },
          },
        },
      },
    ],
  },
};

let test: TestApi;
let home: string;

function run(program: string, args: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: test.api.kubeconfigFile };
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: stdout + stderr });
    });
  });
}

function file(name: string, content: string | object): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

before(async () => {
  test = await TestApi.start();
  home = mkdtempSync(join(tmpdir(), 'epinio-kubectl-'));
});
after(async () => {
  await test[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

describe('kubectl', () => {
  const steps = async (
    t: TestContext,
    list: readonly (readonly [command: string, expected: RegExp, code?: number])[],
  ): Promise<void> => {
    const kubectl = needProgram(t, 'kubectl', 'see what real clients make of the API');
    if (kubectl === undefined) return;
    for (const [command, expected, code = 0] of list) {
      const ran = await run(kubectl, command.split(' '));
      assert.match(ran.output, expected, command);
      assert.equal(ran.code, code, `${command}: ${ran.output}`);
    }
  };

  it('creates with protobuf, and reads in every form', (t) =>
    steps(t, [
      ['create namespace k', /namespace\/k created/],
      ['-n k create configmap m --from-literal=a=b', /configmap\/m created/],
      ['-n k create configmap m', /configmaps "m" already exists/, 1],
      ['-n k create secret generic s --from-literal=a=b', /secret\/s created/],
      ['-n k create deployment d --image=web --replicas=3', /deployment.apps\/d created/],
      ['-n k create job j --image=web -- true', /job.batch\/j created/],
      ['-n k create ingress i --rule=a.localhost/*=web:80', /ingress.networking.k8s.io\/i created/],
      ['-n k get configmap m -o jsonpath={.data.a}', /^b$/],
      [
        '-n k get deploy,job,ing -o wide',
        /NAME +READY[^]*deployment.apps\/d +0\/3[^]*NAME +STATUS[^]*CLASS +HOSTS/,
      ],
      ['-n k get all', /deployment.apps\/d/],
      ['-n k get cm --sort-by=.metadata.name -o custom-columns=N:.metadata.name', /^N\nm/],
      ['-n k get pods', /No resources found in k namespace/],
      ['-n k get nonsense', /the server doesn't have a resource type "nonsense"/, 1],
      ['-n k describe deploy d', /Replicas: +3 desired/],
      ['api-resources --api-group=apps', /deployments +deploy +apps\/v1 +true +Deployment/],
      ['explain deployment.spec.strategy', /rollingUpdate\t<RollingUpdateDeployment>/],
      ['auth can-i delete pods', /^yes/],
      ['auth whoami', /kubernetes-admin/],
    ]));

  it('applies, client-side and server-side, and shows the difference', async (t) => {
    const path = file('web.yaml', DEPLOYMENT);
    const changed = file('changed.yaml', DEPLOYMENT.replace('web:1', 'web:2'));
    await steps(t, [
      [`apply -f ${path}`, /deployment.apps\/web created\nservice\/web created/],
      [`apply -f ${path}`, /deployment.apps\/web unchanged\nservice\/web unchanged/],
      [`diff -f ${changed}`, /-.*image: web:1\n\+.*image: web:2/, 1],
      [`apply -f ${changed}`, /deployment.apps\/web configured/],
      [`apply --server-side -f ${changed}`, /deployment.apps\/web serverside-applied/],
      [
        `apply --server-side --field-manager=other -f ${path}`,
        /Apply failed with 1 conflict: conflict with "kubectl"/,
        1,
      ],
      [
        `apply --server-side --field-manager=other --force-conflicts -f ${path}`,
        /deployment.apps\/web serverside-applied/,
      ],
      ['scale deploy web --replicas=4', /scaled/],
      ['set image deploy/web c=web:3', /image updated/],
      ['label deploy web tier=front', /labeled/],
      ['patch deploy web -p {"spec":{"replicas":1}}', /patched/],
      ['get deploy web -o jsonpath={.spec.replicas}{.metadata.labels.tier}', /^1front$/],
      [`replace -f ${path}`, /deployment.apps\/web replaced/],
      [`delete -f ${path}`, /deployment.apps "web" deleted/],
    ]);
  });

  it('takes lists, waits, and says what is wrong with a file', async (t) => {
    const items = ['one', 'two'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { a: 'b' },
    }));
    const list = file('list.json', { apiVersion: 'v1', kind: 'List', items });
    const wrong = file('wrong.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\nnope: 1\n');
    await steps(t, [
      [`apply -f ${list}`, /configmap\/one created\nconfigmap\/two created/],
      ['wait --for=jsonpath={.data.a}=b cm/one --timeout=10s', /condition met/],
      [`apply -f ${wrong}`, /strict decoding error: unknown field "nope"/, 1],
      ['delete cm one two', /configmap "one" deleted/],
      ['wait --for=delete cm/one --timeout=10s', /^$/],
    ]);
  });

  it('works with custom resources from the moment they are declared', async (t) => {
    const definition = file('definition.json', DEFINITION);
    const boat = file(
      'boat.yaml',
      'apiVersion: example.com/v1\nkind: Boat\nmetadata: { name: a }\nspec: {}\n',
    );
    await steps(t, [
      [`apply -f ${definition}`, /customresourcedefinition.apiextensions.k8s.io\/boats.example.com created/],
      ['wait --for=condition=Established crd/boats.example.com --timeout=10s', /condition met/],
      [`apply -f ${boat}`, /boat.example.com\/a created/],
      ['get bo', /NAME +SAILS\na +2/],
      ['explain boat.spec.sails', /FIELD: sails <integer>/],
      ['delete crd boats.example.com', /deleted/],
      ['get boats', /the server could not find the requested resource|doesn't have a resource type/, 1],
    ]);
  });

  it('watches', async (t) => {
    const kubectl = needProgram(t, 'kubectl', 'watch as people do');
    if (kubectl === undefined) return;
    const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: test.api.kubeconfigFile };
    const watching = spawn(kubectl, ['get', 'cm', '-w', '--no-headers', '-o', 'name', '-l', 'watched'], {
      env,
    });
    try {
      const lines = createInterface({ input: watching.stdout })[Symbol.asyncIterator]();
      const create = (name: string) =>
        test.client.call('POST', '/api/v1/namespaces/default/configmaps', {
          body: { metadata: { name, labels: { watched: '' } } },
        });
      await create('w1');
      assert.equal((await lines.next()).value, 'configmap/w1');
      await create('w2');
      assert.equal((await lines.next()).value, 'configmap/w2');
    } finally {
      watching.kill();
    }
  });
});

it('helm installs, upgrades, rolls back and uninstalls a chart', async (t) => {
  const helm = needProgram(t, 'helm', 'install charts');
  if (helm === undefined) return;
  const chart = join(home, 'chart');
  file('chart/Chart.yaml', 'apiVersion: v2\nname: tiny\nversion: 0.1.0\n');
  file('chart/values.yaml', 'replicas: 1\n');
  file('chart/crds/boats.yaml', { ...DEFINITION, metadata: { name: 'boats.example.com' } });
  file('chart/templates/web.yaml', DEPLOYMENT.replace('replicas: 2', 'replicas: {{ .Values.replicas }}'));
  file(
    'chart/templates/boat.yaml',
    'apiVersion: example.com/v1\nkind: Boat\nmetadata: { name: b }\nspec: {}\n',
  );
  file(
    'chart/templates/hook.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: hook, annotations: { helm.sh/hook: pre-install } }\ndata: { ns: "{{ (lookup "v1" "Namespace" "" "default").metadata.name }}" }\n',
  );
  const steps: readonly (readonly [string, RegExp])[] = [
    [`install r ${chart}`, /STATUS: deployed/],
    ['list', /r +\tdefault/],
    [`upgrade r ${chart} --set replicas=3`, /has been upgraded/],
    ['rollback r 1', /Rollback was a success/],
    ['history r', /Rollback to 1/],
    ['uninstall r', /release "r" uninstalled/],
  ];
  for (const [command, expected] of steps) {
    const ran = await run(helm, command.split(' '));
    assert.match(ran.output, expected, command);
    assert.equal(ran.code, 0, `${command}: ${ran.output}`);
  }
  const hook = await test.client.call('GET', '/api/v1/namespaces/default/configmaps/hook');
  assert.deepEqual(hook.body.data, { ns: 'default' });
});
