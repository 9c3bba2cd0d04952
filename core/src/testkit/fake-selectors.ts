import type { KubeObject } from '../kernel/component.ts';
import { hasCode, messageOf } from '../kernel/errors.ts';
import { kubeError } from '../kube/kube-error.ts';
import { parseLabelSelector } from '../kube/selectors.ts';
import type { CollectionRef, ListOptions } from '../ports/kube.ts';
import { isJson } from './fake-json.ts';

/** Which objects a list or watch is about. Fails as an API server does: unknown fields are a bad request. */
export function selection(
  ref: CollectionRef,
  { labelSelector = '', fieldSelector = '' }: ListOptions,
  selectable: readonly string[],
): (object: KubeObject) => boolean {
  const labels = readLabels(labelSelector);
  const requirements = fieldSelector.split(',').filter((part) => part !== '');
  const fields = requirements.map((part) => readField(part, selectable));
  return (object) =>
    object.apiVersion === ref.apiVersion &&
    object.kind === ref.kind &&
    (ref.namespace === undefined || object.metadata.namespace === ref.namespace) &&
    labels(object.metadata.labels) &&
    fields.every((holds) => holds(object));
}

function readLabels(text: string): ReturnType<typeof parseLabelSelector> {
  try {
    return parseLabelSelector(text);
  } catch (error) {
    if (!hasCode(error, 'SELECTOR_INVALID')) throw error;
    throw kubeError({ code: 400, reason: 'BadRequest', message: messageOf(error) }, { cause: error });
  }
}

function readField(text: string, selectable: readonly string[]): (object: KubeObject) => boolean {
  const [, path = '', operator, value] = /^([^=!]+)(==|=|!=)(.*)$/.exec(text) ?? [];
  if (!selectable.includes(path)) {
    const message = `Unable to find field selector: field label not supported: ${path || text}`;
    throw kubeError({ code: 400, reason: 'BadRequest', message });
  }
  return (object) => (fieldText(object, path) === value) === (operator !== '!=');
}

function fieldText(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const step of path.split('.')) value = isJson(value) ? value[step] : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
