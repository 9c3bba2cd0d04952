import type { Node, Pod } from '@epinio/core';
import { objectAt, objectsAt, own, stringAt, type JsonObject } from '../../json.ts';

/** The taint that a cordon stands for. */
const CORDON: JsonObject = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Why a new pod cannot run on the node, in the scheduler's words; undefined when it can. */
export function whyNotOn({ spec }: Pick<Pod, 'spec'>, node: Node): string | undefined {
  if (untolerated(spec, node, ['NoSchedule', 'NoExecute']).length > 0) {
    const [taint] = untolerated(spec, node, ['NoSchedule', 'NoExecute']);
    if (taint === CORDON) return '1 node(s) were unschedulable';
    const key = stringAt(taint, 'key') ?? '';
    return `1 node(s) had untolerated taint(s) {${key}: ${stringAt(taint, 'value') ?? ''}}`;
  }
  return matchesSelectors(spec, node) ? undefined : "1 node(s) didn't match Pod's node affinity/selector";
}

/** Whether what the pod asks of its node by labels and name is so, whatever the taints. */
export function matchesSelectors(spec: Pod['spec'], node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const named = stringAt(spec, 'nodeName') ?? '';
  if (named !== '' && named !== node.metadata.name) return false;
  if (!Object.entries(spec.nodeSelector ?? {}).every(([name, value]) => labels[name] === value)) return false;
  const required = objectAt(spec, 'affinity', 'nodeAffinity')[
    'requiredDuringSchedulingIgnoredDuringExecution'
  ];
  if (required === undefined) return true;
  return objectsAt(required, 'nodeSelectorTerms').some((term) => matchesTerm(term, node, labels));
}

function matchesTerm(term: JsonObject, node: Node, labels: Readonly<Record<string, string>>): boolean {
  const expressions = objectsAt(term, 'matchExpressions');
  const fields = objectsAt(term, 'matchFields');
  if (expressions.length + fields.length === 0) return false; // an empty term matches nothing
  return (
    expressions.every((expression) => holds(expression, own(labels, stringAt(expression, 'key') ?? ''))) &&
    fields.every((field) => stringAt(field, 'key') === 'metadata.name' && holds(field, node.metadata.name))
  );
}

function holds(requirement: JsonObject, actual: string | undefined): boolean {
  const { operator } = requirement;
  const values: readonly unknown[] = Array.isArray(requirement['values']) ? requirement['values'] : [];
  const [first] = values;
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual);
    case 'NotIn':
      return actual === undefined || !values.includes(actual);
    case 'Exists':
      return actual !== undefined;
    case 'DoesNotExist':
      return actual === undefined;
    case 'Gt':
      return actual !== undefined && Number(actual) > Number(first);
    case 'Lt':
      return actual !== undefined && Number(actual) < Number(first);
    default:
      return false;
  }
}

/** The taints of some effects that the pod does not put up with. */
export function untolerated(
  spec: Pod['spec'],
  node: Node,
  effects: readonly string[],
): readonly JsonObject[] {
  const cordon = node.spec?.unschedulable === true ? [CORDON] : [];
  const taints = [...cordon, ...objectsAt(node.spec, 'taints').filter(({ key }) => key !== CORDON['key'])];
  const tolerations = objectsAt(spec, 'tolerations');
  return taints.filter(
    (taint) =>
      effects.includes(String(taint['effect'])) &&
      !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

function tolerates(toleration: JsonObject, taint: JsonObject): boolean {
  const { effect, key, operator = 'Equal' } = toleration;
  if (effect !== undefined && effect !== '' && effect !== taint['effect']) return false;
  if (key !== undefined && key !== '' && key !== taint['key']) return false;
  if (operator === 'Exists') return true;
  return key !== undefined && (stringAt(toleration, 'value') ?? '') === (stringAt(taint, 'value') ?? '');
}
