import { randomInt } from 'node:crypto';
import { hasCode, type Kube, type KubeObject, type Pod, type PodTemplateSpec } from '@epinio/core';
import { refTo } from '../machinery/controller.ts';
import { controllerReference } from '../machinery/ownership.ts';

/** Without vowels and look-alikes, as Kubernetes' name generator has it. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const MAX_BASE = 58;

/** Some letters and digits that make a name nobody has. */
export function randomSuffix(length = 5): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** Makes a pod of a template that `owner` manages. @param base what its name begins with @param finalizers what keeps it */
export async function createPod(
  kube: Kube,
  owner: KubeObject,
  template: PodTemplateSpec,
  base = owner.metadata.name,
  finalizers: readonly string[] = [],
): Promise<Pod> {
  const { namespace = '' } = owner.metadata;
  const { labels = {}, annotations } = template.metadata ?? {};
  for (;;) {
    try {
      return await kube.create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          namespace,
          name: `${base.slice(0, MAX_BASE - 1)}-${randomSuffix()}`,
          generateName: `${base}-`,
          labels,
          ...(annotations === undefined ? {} : { annotations }),
          ...(finalizers.length === 0 ? {} : { finalizers }),
          ownerReferences: [controllerReference(owner)],
        },
        spec: template.spec,
      });
    } catch (error) {
      if (!hasCode(error, 'KUBE_ALREADY_EXISTS')) throw error;
    }
  }
}

/** Deletes this very pod; succeeds when it is gone. */
export async function deletePod(kube: Kube, pod: Pod): Promise<void> {
  const { uid } = pod.metadata;
  try {
    await kube.delete(refTo(pod), uid === undefined ? {} : { uid });
  } catch (error) {
    if (!hasCode(error, 'KUBE_CONFLICT')) throw error; // another pod has its name
  }
}
