import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Part, Probe } from '../kernel/component.ts';
import { isEpinioError } from '../kernel/errors.ts';
import { assertExecutable } from './apply.ts';
import type { InstallComponent } from './install-component.ts';
import { digestOf, labelled, refKey, refOf } from './part-ref.ts';
import { planText } from './plan-text.ts';
import {
  planInstall,
  writes,
  type ChangeStep,
  type InstallPlan,
  type Observed,
  type PlanInput,
} from './plan.ts';
import type { InstallationRecord, RecordedComponent } from './record.ts';
import { removalSteps } from './removal.ts';

function part(kind: string, name: string, more: object = {}): Part {
  const apiVersion =
    { CustomResourceDefinition: 'apiextensions.k8s.io/v1', Deployment: 'apps/v1' }[kind] ?? 'v1';
  const isCluster = ['Namespace', 'CustomResourceDefinition'].includes(kind);
  return {
    kind: 'manifest',
    object: { apiVersion, kind, metadata: { name, ...(isCluster ? {} : { namespace: 'epinio' }) }, ...more },
  };
}

const ready: Probe = {
  kind: 'exists',
  what: 'the web server',
  apiVersion: 'v1',
  resourceKind: 'Pod',
  name: 'web',
  timeoutSeconds: 1,
};

function component(
  id: string,
  parts: readonly Part[],
  needs: readonly string[] = [],
  probes: readonly Probe[] = [],
): InstallComponent {
  return { id, needs, parts, probes };
}

const base = component('epinio', [
  part('ConfigMap', 'facts'),
  part('CustomResourceDefinition', 'apps'),
  part('Namespace', 'epinio'),
]);
const web = component('web', [part('Deployment', 'web'), part('ConfigMap', 'web')], ['epinio'], [ready]);

function plan(components: readonly InstallComponent[], more: Partial<PlanInput> = {}): InstallPlan {
  return planInstall({ components, observed: new Map(), ...more });
}

/** What the record and the cluster have after these components were installed. */
function installed(...components: InstallComponent[]): Pick<PlanInput, 'record' | 'observed'> {
  const recorded = components.map(({ id, needs, parts }): RecordedComponent => ({
    id,
    needs,
    state: 'ready',
    parts: parts.map((each) => ({
      ref: refOf(each),
      digest: digestOf(labelled(each, id)),
      state: 'applied',
    })),
  }));
  const settings = { domain: 'a.example', namespace: 'epinio', tlsIssuer: 'epinio-ca' };
  const record: InstallationRecord = { state: 'installed', version: '1', settings, components: recorded };
  const observed = new Map(
    components.flatMap(({ parts }) => parts.map((each): [string, Observed] => [refKey(refOf(each)), 'ours'])),
  );
  return { record, observed };
}

function actions({ steps }: InstallPlan): string[] {
  return steps.map((step) =>
    step.kind === 'wait'
      ? `wait ${step.probe.what}`
      : `${step.action} ${step.ref.kind === 'chart' ? step.ref.release : `${step.ref.resourceKind} ${step.ref.name}`}`,
  );
}

describe('planInstall', () => {
  it('makes namespaces, then definitions, then the rest, then waits; what is needed first', () => {
    const made = plan([web, base]);
    assert.deepEqual(actions(made), [
      'create Namespace epinio',
      'create CustomResourceDefinition apps',
      'wait definition apps',
      'create ConfigMap facts',
      'create Deployment web',
      'create ConfigMap web',
      'wait the web server',
    ]);
    const after = made.steps.map((step) =>
      step.after.map((id) => made.steps.findIndex((other) => other.id === id)),
    );
    assert.deepEqual(after, [[], [0], [1], [2], [3], [3], [4, 5]]);
  });

  it("makes the platform's own objects once the component is ready, also in somebody else's, and removes them first", () => {
    const own = part('ConfigMap', 'issuer');
    assert.ok(own.kind === 'manifest');
    const usable: Probe = { ...ready, what: 'the webhook' };
    const issuing = component(
      'certs',
      [{ ...own, onceReady: [usable] }, part('Deployment', 'certs')],
      [],
      [ready],
    );
    const made = plan([issuing]);
    assert.deepEqual(actions(made), [
      'create Deployment certs',
      'wait the webhook',
      'create ConfigMap issuer',
      'wait the web server',
    ]);
    assert.deepEqual(
      made.steps.map((step) => step.after.map((id) => made.steps.findIndex((other) => other.id === id))),
      [[], [0], [1], [2]],
    );
    const detected = new Map([['certs', { owner: 'other' as const }]]);
    assert.deepEqual(actions(plan([issuing], { detected })), [
      'wait the webhook',
      'create ConfigMap issuer',
      'wait the web server',
    ]);
    const theirs = new Map<string, Observed>([[refKey(refOf(own)), 'others']]);
    assert.deepEqual(actions(plan([issuing], { detected, observed: theirs })), [
      'adopt ConfigMap issuer',
      'wait the web server',
    ]);
    const parts = [
      { ref: refOf(part('Deployment', 'certs')), digest: '', state: 'applied' as const },
      { ref: refOf(own), digest: '', state: 'applied' as const, late: true },
    ];
    const removed = removalSteps([{ id: 'certs', needs: [], state: 'ready', parts }]);
    assert.deepEqual(
      removed.map(({ ref }) => ref.kind === 'manifest' && ref.name),
      ['issuer', 'certs'],
    );
  });

  it('lets components that do not need each other go side by side', () => {
    const made = plan([component('a', [part('ConfigMap', 'a')]), component('b', [part('ConfigMap', 'b')])]);
    assert.deepEqual(
      made.steps.map((step) => step.after),
      [[], []],
    );
  });

  it('waits through a component that has nothing to install', () => {
    const made = plan([
      component('a', [part('ConfigMap', 'a')]),
      component('empty', [], ['a']),
      component('c', [part('ConfigMap', 'c')], ['empty']),
    ]);
    assert.deepEqual(made.steps[1]?.after, [made.steps[0]?.id]);
  });

  it('labels parts with whose they are, and changes nothing else of them', () => {
    const [step] = plan([component('web', [part('ConfigMap', 'web', { data: { a: 'b' } })])]).steps;
    assert.ok(
      step?.kind === 'change' && step.part?.kind === 'manifest',
      "step?.kind === 'change' && step.part?.kind === 'manifest'",
    );
    assert.deepEqual(step.part.object, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'web',
        namespace: 'epinio',
        labels: { 'app.kubernetes.io/managed-by': 'epinio', 'epinio.io/plugin': 'web' },
      },
      data: { a: 'b' },
    });
  });

  it('does nothing when all is there', () => {
    const made = plan([web, base], installed(base, web));
    assert.deepEqual(
      [...new Set(made.steps.map((step) => step.kind === 'change' && step.action))],
      ['unchanged'],
    );
    assert.equal(made.steps.some(writes), false);
  });

  it('updates what changed, makes again what was removed by hand, and waits anew', () => {
    const changed = component(
      'web',
      [part('Deployment', 'web', { spec: {} }), part('ConfigMap', 'web')],
      ['epinio'],
      [ready],
    );
    const { record, observed } = installed(base, web);
    const seen = new Map([...observed, [refKey(refOf(part('ConfigMap', 'web'))), 'absent' as const]]);
    assert.deepEqual(actions(plan([base, changed], { record, observed: seen })).slice(-3), [
      'update Deployment web',
      'create ConfigMap web',
      'wait the web server',
    ]);
  });

  it('goes on where an interruption left off', () => {
    const { record, observed } = installed(base, web);
    assert.ok(record !== undefined, 'record !== undefined');
    const components = record.components.map((each): RecordedComponent =>
      each.id === 'web'
        ? {
            ...each,
            state: 'pending',
            parts: each.parts.map((one, index) => ({ ...one, state: index === 0 ? 'applied' : 'pending' })),
          }
        : each,
    );
    assert.deepEqual(actions(plan([base, web], { record: { ...record, components }, observed })).slice(-3), [
      'unchanged Deployment web',
      'update ConfigMap web',
      'wait the web server',
    ]);
  });

  it('removes at the end, in reverse, what is recorded and no longer wanted', () => {
    const smaller = component('web', [part('ConfigMap', 'web')], ['epinio']);
    const gone = component('old', [
      part('Namespace', 'old'),
      part('CustomResourceDefinition', 'olds'),
      part('ConfigMap', 'old'),
    ]);
    const made = plan([base, smaller], installed(base, gone, web));
    const removals = made.steps.filter(
      (step): step is ChangeStep => step.kind === 'change' && step.action === 'remove',
    );
    assert.deepEqual(
      removals.map((step) => step.ref.kind === 'manifest' && `${step.ref.resourceKind} ${step.ref.name}`),
      ['Deployment web', 'ConfigMap old', 'CustomResourceDefinition olds', 'Namespace old'],
    );
    const before = made.steps.filter((step) => !removals.includes(step as ChangeStep));
    const [first] = removals;
    assert.ok(
      first !== undefined &&
        first.after.length > 0 &&
        first.after.every((id) => before.some((step) => step.id === id)),
      'first !== undefined && first.after.length > 0 && first.after.every((id) => before.some(...',
    );
    assert.deepEqual(
      removals.slice(1).map((step) => step.after),
      removals.slice(0, -1).map((step) => [step.id]),
    );
  });

  it('moves a part from one component to another without removing it', () => {
    const { record, observed } = installed(component('old', [part('ConfigMap', 'shared')]));
    const made = plan([component('new', [part('ConfigMap', 'shared')])], { record, observed });
    assert.deepEqual(actions(made), ['update ConfigMap shared']);
  });

  it('adopts a component of others whole, but not what we once installed', () => {
    const detected = new Map([['web', { owner: 'other' as const, version: '2' }]]);
    const made = plan([base, web], { detected });
    assert.equal(made.components.find((each) => each.component.id === 'web')?.adopted, true);
    assert.equal(
      made.steps.some((step) => step.component === 'web'),
      false,
    );
    assert.equal(plan([base, web], { detected, ...installed(base, web) }).components[1]?.adopted, false);
  });

  it('adopts namespaces and definitions of others, and leaves definitions as they are', () => {
    const observed = new Map<string, Observed>(
      base.parts.slice(1).map((each) => [refKey(refOf(each)), 'others']),
    );
    const made = plan([base], { observed });
    assert.deepEqual(actions(made), [
      'adopt Namespace epinio',
      'adopt CustomResourceDefinition apps',
      'create ConfigMap facts',
    ]);
    const [namespace, definition] = made.steps;
    assert.ok(
      namespace?.kind === 'change' && namespace.part?.kind === 'manifest',
      "namespace?.kind === 'change' && namespace.part?.kind === 'manifest'",
    );
    assert.equal(namespace.part.object.metadata.labels, undefined, 'it stays the namespace of others');
    assert.ok(
      definition?.kind === 'change' && definition.part === undefined,
      "definition?.kind === 'change' && definition.part === undefined",
    );
  });

  it('refuses to take over other objects, and names all of them', () => {
    const observed = new Map<string, Observed>(web.parts.map((each) => [refKey(refOf(each)), 'others']));
    assert.throws(
      () => plan([base, web], { observed }),
      (error: unknown) => {
        assert.ok(isEpinioError(error), 'isEpinioError(error)');
        assert.equal(error.code, 'INSTALL_CONFLICT');
        assert.deepEqual(error.details, [
          'Deployment "web" in namespace "epinio" exists and was not made by Epinio, but component "web" needs this name (remove it or rename it, then run the command again)',
          'ConfigMap "web" in namespace "epinio" exists and was not made by Epinio, but component "web" needs this name (remove it or rename it, then run the command again)',
        ]);
        return true;
      },
    );
  });

  it('refuses components that need each other in a circle, or what is not there', () => {
    assert.throws(() => plan([component('a', [], ['b']), component('b', [], ['a'])]), {
      code: 'PLUGIN_CYCLE',
    });
    assert.throws(() => plan([component('a', [], ['b'])]), { code: 'PLUGIN_NEED_MISSING' });
  });

  it('does not change what it is given', () => {
    const input = { components: [web, base], ...installed(base) };
    const before = JSON.stringify(input);
    planInstall(input);
    assert.equal(JSON.stringify(input), before);
  });
});

describe('planText', () => {
  it('has a line a change, and counts what stays', () => {
    const { record, observed } = installed(base, component('old', [part('ConfigMap', 'old')]));
    assert.equal(
      planText(plan([base, web], { record, observed })),
      [
        '+ create  web  Deployment "web" in namespace "epinio"',
        '+ create  web  ConfigMap "web" in namespace "epinio"',
        '- remove  old  ConfigMap "old" in namespace "epinio"',
        '3 unchanged',
      ].join('\n'),
    );
  });
});

describe('assertExecutable', () => {
  it('fails plainly for a chart when nothing installs charts', () => {
    const chart: Part = { kind: 'chart', release: 'door', namespace: 'door', chart: 'door', values: {} };
    const { steps } = plan([component('door', [chart])]);
    assert.throws(() => assertExecutable(steps, {}), {
      code: 'INSTALL_PART_UNSUPPORTED',
      message:
        'Component "door" has the chart "door" in namespace "door", and parts of kind "chart" cannot be installed',
    });
  });
});
