import type { KubeObject, Part } from '../kernel/component.ts';
import { EpinioError, isEpinioError } from '../kernel/errors.ts';
import type { Kube, ObjectRef } from '../ports/kube.ts';
import type { ExecutorContext, PartExecutor } from './executor.ts';
import { isOurs, refOf, refText, type ManifestRef, type PartRef } from './part-ref.ts';
import type { Observed } from './plan.ts';
import { poll } from './poll.ts';

const RETRY_MS = 15_000;
const GONE_MS = 120_000;

/** Answers that another try may mend: a webhook that starts, a definition that is not served yet. */
const RETRIED = new Set(['KUBE_UNREACHABLE', 'KUBE_FAILED', 'KUBE_NOT_FOUND', 'KUBE_CONFLICT']);

/** Puts Kubernetes objects into the cluster by server-side apply, as field manager `epinio/<component>`. */
export class ManifestExecutor implements PartExecutor {
  readonly #kube: Kube;

  constructor(kube: Kube) {
    this.#kube = kube;
  }

  async observe(ref: PartRef, signal: AbortSignal): Promise<Observed> {
    const object = await this.#kube.get(objectRef(ref), signal);
    if (object === undefined) return 'absent';
    if (object.metadata.deletionTimestamp !== undefined) return 'ending';
    return isOurs(object) ? 'ours' : 'others';
  }

  async apply(part: Part, { component, signal }: ExecutorContext): Promise<void> {
    if (part.kind !== 'manifest') throw new RangeError(`a ${part.kind} is no manifest`);
    const ref = refOf(part);
    const options = { fieldManager: `epinio/${component}`, force: true, signal };
    const tryOnce = async (): Promise<string | undefined> => {
      try {
        const applied = await this.#kube.apply(part.object, options);
        return isEnding(applied) ? 'the old one is still being deleted' : undefined;
      } catch (error) {
        if (!isEpinioError(error) || !RETRIED.has(error.code)) throw failed(component, ref, error);
        return error.message;
      }
    };
    await poll(tryOnce, {
      timeoutMs: RETRY_MS,
      signal,
      code: 'INSTALL_PART_FAILED',
      message: `Component "${component}": ${refText(ref)} could not be applied`,
    });
  }

  async remove(ref: PartRef, { component, signal }: ExecutorContext): Promise<void> {
    const target = objectRef(ref);
    const found = await this.#kube.get(target, signal);
    if (found === undefined || !isOurs(found)) return;
    const { uid } = found.metadata;
    const gone = async (): Promise<string | undefined> => {
      const object = await this.#kube.get(target, signal);
      if (object === undefined || object.metadata.uid !== uid) return undefined;
      const held = object.metadata.finalizers ?? [];
      return held.length === 0 ? 'it is still there' : `held by ${held.join(', ')}`;
    };
    await this.#kube.delete(target, { ...(uid === undefined ? {} : { uid }), signal });
    await poll(gone, {
      timeoutMs: GONE_MS,
      signal,
      code: 'UNINSTALL_TIMEOUT',
      message: `Component "${component}": ${refText(ref)} was not gone`,
    });
  }
}

function isEnding(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

function objectRef(ref: PartRef): ObjectRef {
  const { apiVersion, resourceKind, namespace, name } = ref as ManifestRef;
  return { apiVersion, kind: resourceKind, ...(namespace === undefined ? {} : { namespace }), name };
}

function failed(component: string, ref: PartRef, error: unknown): unknown {
  if (!isEpinioError(error)) return error;
  const message = `Component "${component}": ${refText(ref)} could not be applied: ${error.message}`;
  const { code, fix, details, fault, status } = error;
  return new EpinioError(code, message, {
    ...(fix === undefined ? {} : { fix }),
    details,
    fault,
    status,
    cause: error,
  });
}
