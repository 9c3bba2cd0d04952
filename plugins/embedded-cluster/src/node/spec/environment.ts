import {
  EpinioError,
  type ConfigMap,
  type Container,
  type EnvVar,
  type Kube,
  type Pod,
  type Secret,
} from '@epinio/core';
import { expandVariables } from './expand.ts';
import { podField, resourceField, type NodeResources } from './pod-fields.ts';

export interface EnvironmentContext {
  readonly kube: Kube;
  readonly pod: Pod;
  readonly container: Container;
  readonly nodeName: string;
  readonly resources: NodeResources;
  /** Where Services are: below all that the specification says. */
  readonly services: ReadonlyMap<string, string>;
  /** Set by the node, whatever the specification says: PORT. */
  readonly fixed: Readonly<Record<string, string>>;
}

/**
 * The container's environment: Services, `envFrom`, then `env`, then the node's own. It begins empty: nothing of the
 * platform's environment is in it, and the image's is put below it by the caller, since `$(NAME)` does not see
 * that. Fails with `CONFIG_ERROR`, in the kubelet's words.
 */
export async function containerEnvironment(
  context: EnvironmentContext,
): Promise<ReadonlyMap<string, string>> {
  const { container, fixed, services } = context;
  const variables = new Map(services);
  for (const { prefix = '', secretRef, configMapRef } of container.envFrom ?? []) {
    const values =
      secretRef === undefined
        ? await readConfigMap(context, configMapRef?.name ?? '', configMapRef?.optional)
        : await readSecret(context, secretRef.name, secretRef.optional);
    for (const [key, value] of Object.entries(values ?? {})) variables.set(prefix + key, value);
  }
  // The node's own are known to references of the specification, and cannot be changed by it.
  for (const [name, value] of Object.entries(fixed)) variables.set(name, value);
  for (const variable of container.env ?? []) {
    if (variable.name in fixed) continue;
    const value = await variableValue(context, variable, variables);
    if (value !== undefined) variables.set(variable.name, value);
  }
  return variables;
}

/** @returns undefined for an optional reference to what is not there. */
async function variableValue(
  context: EnvironmentContext,
  { value, valueFrom }: EnvVar,
  variables: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expandVariables(value ?? '', variables);
  const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  const { namespace = '' } = context.pod.metadata;
  if (secretKeyRef !== undefined) {
    const { name, key, optional } = secretKeyRef;
    return pick(await readSecret(context, name, optional), `Secret ${namespace}/${name}`, key, optional);
  }
  if (configMapKeyRef !== undefined) {
    const { name, key, optional } = configMapKeyRef;
    return pick(
      await readConfigMap(context, name, optional),
      `ConfigMap ${namespace}/${name}`,
      key,
      optional,
    );
  }
  if (fieldRef !== undefined) return podField(context.pod, fieldRef.fieldPath, context.nodeName);
  if (resourceFieldRef === undefined) return '';
  const { containerName } = resourceFieldRef;
  const named = context.pod.spec.containers.find(({ name }) => name === containerName);
  return resourceField(named ?? context.container, resourceFieldRef, context.resources);
}

function pick(
  values: Readonly<Record<string, string>> | undefined,
  what: string,
  key: string,
  optional?: boolean,
): string | undefined {
  const value = values?.[key];
  if (value === undefined && optional !== true) throw configError(`couldn't find key ${key} in ${what}`);
  return value;
}

async function readSecret(
  { kube, pod }: EnvironmentContext,
  name: string,
  optional?: boolean,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { namespace = '' } = pod.metadata;
  const secret = await kube.get<Secret>({ apiVersion: 'v1', kind: 'Secret', namespace, name });
  if (secret === undefined && optional !== true) throw configError(`secret "${name}" not found`);
  return (
    secret &&
    Object.fromEntries(
      Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    )
  );
}

async function readConfigMap(
  { kube, pod }: EnvironmentContext,
  name: string,
  optional?: boolean,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { namespace = '' } = pod.metadata;
  const map = await kube.get<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name });
  if (map === undefined && optional !== true) throw configError(`configmap "${name}" not found`);
  return map && (map.data ?? {});
}

/** Something that the container's specification refers to is not as it says: mended by the user, then tried again. */
export function configError(message: string): EpinioError {
  return new EpinioError('CONFIG_ERROR', message);
}
