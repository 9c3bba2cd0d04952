import { isObject, objectsAt, type JsonObject } from '../../json.ts';

/** Fills what a pod template may leave out, as Kubernetes does when it reads one. */
export function setPodSpecDefaults(spec: JsonObject): void {
  spec['restartPolicy'] ??= 'Always';
  spec['terminationGracePeriodSeconds'] ??= 30;
  spec['dnsPolicy'] ??= 'ClusterFirst';
  spec['securityContext'] ??= {};
  spec['schedulerName'] ??= 'default-scheduler';
  // serviceAccount is the old name of serviceAccountName; both are kept equal.
  spec['serviceAccountName'] ??= spec['serviceAccount'];
  if (spec['serviceAccountName'] === undefined) delete spec['serviceAccountName'];
  else spec['serviceAccount'] = spec['serviceAccountName'];
  for (const volume of objectsAt(spec, 'volumes')) setVolumeDefaults(volume);
  for (const container of objectsAt(spec, 'initContainers')) setContainerDefaults(container);
  for (const container of objectsAt(spec, 'containers')) setContainerDefaults(container);
}

/** What is filled in a pod but not in a template. */
export function setPodDefaults(spec: JsonObject): void {
  spec['enableServiceLinks'] ??= true;
  for (const list of ['initContainers', 'containers']) {
    for (const container of objectsAt(spec, list)) {
      const { resources } = container;
      if (!isObject(resources) || !isObject(resources['limits'])) continue;
      const requests = isObject(resources['requests']) ? resources['requests'] : {};
      for (const [name, limit] of Object.entries(resources['limits'])) requests[name] ??= limit;
      resources['requests'] = requests;
    }
  }
}

function setContainerDefaults(container: JsonObject): void {
  container['imagePullPolicy'] ??= defaultPullPolicy(container['image']);
  container['terminationMessagePath'] ??= '/dev/termination-log';
  container['terminationMessagePolicy'] ??= 'File';
  for (const variable of objectsAt(container, 'env')) {
    const { valueFrom } = variable;
    if (isObject(valueFrom) && isObject(valueFrom['fieldRef'])) valueFrom['fieldRef']['apiVersion'] ??= 'v1';
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (!isObject(probe)) continue;
    probe['timeoutSeconds'] ??= 1;
    probe['periodSeconds'] ??= 10;
    probe['successThreshold'] ??= 1;
    probe['failureThreshold'] ??= 3;
    setHandlerDefaults(probe);
  }
  const { lifecycle } = container;
  if (!isObject(lifecycle)) return;
  for (const hook of [lifecycle['postStart'], lifecycle['preStop']])
    if (isObject(hook)) setHandlerDefaults(hook);
}

function setHandlerDefaults(handler: JsonObject): void {
  const { httpGet, grpc } = handler;
  if (isObject(httpGet)) {
    httpGet['path'] ??= '/';
    httpGet['scheme'] ??= 'HTTP';
  }
  if (isObject(grpc)) grpc['service'] ??= '';
}

function setVolumeDefaults(volume: JsonObject): void {
  if (Object.keys(volume).every((name) => name === 'name')) volume['emptyDir'] = {};
  const { hostPath, projected } = volume;
  for (const name of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const source = volume[name];
    if (isObject(source)) source['defaultMode'] ??= 0o644;
  }
  if (isObject(hostPath)) hostPath['type'] ??= '';
  for (const source of objectsAt(projected, 'sources')) {
    const token = source['serviceAccountToken'];
    if (isObject(token)) token['expirationSeconds'] ??= 3600;
    setFieldRefDefaults(source['downwardAPI']);
  }
  setFieldRefDefaults(volume['downwardAPI']);
  const claim = volume['ephemeral'];
  if (isObject(claim) && isObject(claim['volumeClaimTemplate'])) {
    const { spec } = claim['volumeClaimTemplate'];
    if (isObject(spec)) spec['volumeMode'] ??= 'Filesystem';
  }
}

function setFieldRefDefaults(downward: unknown): void {
  for (const item of objectsAt(downward, 'items')) {
    if (isObject(item['fieldRef'])) item['fieldRef']['apiVersion'] ??= 'v1';
  }
}

/** Always for an image without a tag or with "latest"; a digest pins what is pulled. */
function defaultPullPolicy(image: unknown): string {
  if (typeof image !== 'string' || image === '') return 'Always';
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest' ? 'Always' : 'IfNotPresent';
}
