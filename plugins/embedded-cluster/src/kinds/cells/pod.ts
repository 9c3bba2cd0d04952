import { isObject, numberAt, objectAt, objectsAt, stringAt, type JsonObject } from '../../json.ts';
import type { ApiObject } from '../../storage/api-object.ts';
import { age } from './age.ts';

/** Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates. */
export function podCells(pod: ApiObject, now: number): readonly unknown[] {
  const status = objectAt(pod, 'status');
  const containers = objectsAt(pod, 'spec', 'containers');
  const statuses = objectsAt(status, 'containerStatuses');
  const ready = statuses.filter(
    (container) => container['ready'] === true && isObject(at(container, 'state', 'running')),
  ).length;
  return [
    `${ready}/${containers.length}`,
    phaseOf(pod),
    restarts([...objectsAt(status, 'initContainerStatuses').filter(isRestartable(pod)), ...statuses], now),
    age(pod.metadata.creationTimestamp, now),
    stringAt(status, 'podIP') ?? '<none>',
    stringAt(pod, 'spec', 'nodeName') ?? '<none>',
    stringAt(status, 'nominatedNodeName') ?? '<none>',
    '<none>',
  ];
}

function at(object: JsonObject, ...path: readonly string[]): unknown {
  return objectAt(object, ...path.slice(0, -1))[path.at(-1) ?? ''];
}

/** What `kubectl get pods` calls the status: the most telling reason, not only the phase. */
export function phaseOf(pod: ApiObject): string {
  const status = objectAt(pod, 'status');
  let reason = stringAt(status, 'reason') ?? stringAt(status, 'phase') ?? '';
  const initial = initReason(pod);
  if (initial !== undefined) reason = initial;
  else reason = containerReason(pod, reason);
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  const finished = stringAt(status, 'phase') === 'Succeeded' || stringAt(status, 'phase') === 'Failed';
  return stringAt(status, 'reason') === 'NodeLost' ? 'Unknown' : finished ? reason : 'Terminating';
}

function initReason(pod: ApiObject): string | undefined {
  const specs = objectsAt(pod, 'spec', 'initContainers');
  const statuses = objectsAt(pod, 'status', 'initContainerStatuses');
  const restartable = isRestartable(pod);
  for (const [index, container] of statuses.entries()) {
    const terminated = objectAt(container, 'state')['terminated'];
    const waiting = stringAt(container, 'state', 'waiting', 'reason') ?? '';
    if (isObject(terminated) && terminated['exitCode'] === 0) continue;
    if (restartable(container) && container['started'] === true) continue;
    if (isObject(terminated)) return `Init:${terminationReason(terminated)}`;
    if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${specs.length}`;
  }
  return undefined;
}

function containerReason(pod: ApiObject, fallback: string): string {
  let reason = fallback;
  let running = false;
  for (const container of [...objectsAt(pod, 'status', 'containerStatuses')].reverse()) {
    const waiting = stringAt(container, 'state', 'waiting', 'reason') ?? '';
    const terminated = objectAt(container, 'state')['terminated'];
    if (waiting !== '') reason = waiting;
    else if (isObject(terminated)) reason = terminationReason(terminated);
    else if (container['ready'] === true && isObject(objectAt(container, 'state')['running'])) running = true;
  }
  if (reason !== 'Completed' || !running) return reason;
  const ready = objectsAt(pod, 'status', 'conditions').some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
  return ready ? 'Running' : 'NotReady';
}

function terminationReason(terminated: JsonObject): string {
  const reason = stringAt(terminated, 'reason') ?? '';
  if (reason !== '') return reason;
  const signal = numberAt(terminated, 'signal') ?? 0;
  return signal === 0 ? `ExitCode:${numberAt(terminated, 'exitCode') ?? 0}` : `Signal:${signal}`;
}

function isRestartable(pod: ApiObject): (status: JsonObject) => boolean {
  const sidecars = new Set(
    objectsAt(pod, 'spec', 'initContainers')
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  return ({ name }) => sidecars.has(name);
}

function restarts(statuses: readonly JsonObject[], now: number): string {
  const count = statuses.reduce((sum, container) => sum + (numberAt(container, 'restartCount') ?? 0), 0);
  const last = statuses
    .flatMap((container) => stringAt(container, 'lastState', 'terminated', 'finishedAt') ?? [])
    .sort()
    .at(-1);
  return count === 0 || last === undefined ? String(count) : `${count} (${age(last, now)} ago)`;
}
