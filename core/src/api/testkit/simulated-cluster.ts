import { createHash } from 'node:crypto';
import type { KubeObject } from '../../kernel/component.ts';
import type { Deployment, Namespace, ReplicaSet } from '../../kube/kinds.ts';
import type { Pod } from '../../kube/pod-kinds.ts';
import type { Informers } from '../../ports/informer.ts';
import type { FakeKube } from '../../testkit/fake-kube.ts';

/** What an image does once it runs. */
export type Behaviour = 'serves' | 'crashes' | 'silent' | 'starting';

const REVISION = 'deployment.kubernetes.io/revision';

/**
 * The controllers that a platform meets in a cluster, played in memory: Deployments get ReplicaSets and pods that serve, crash
 * or stay silent, as the test says of their images; Certificates get Secrets; the registry's credentials follow namespaces.
 */
export class SimulatedCluster {
  readonly #kube: FakeKube;
  readonly #behaviours = new Map<string, Behaviour>();
  #work: Promise<unknown> = Promise.resolve();

  constructor(kube: FakeKube, informers: Informers) {
    this.#kube = kube;
    const on = <T extends KubeObject>(
      apiVersion: string,
      kind: string,
      react: (object: T) => Promise<void> | void,
    ): void => {
      informers.open<T>({ apiVersion, kind }).subscribe(({ type, object }) => {
        if (type !== 'deleted') this.#work = this.#work.then(() => react(object)).catch(() => undefined);
      });
    };
    on<Deployment>('apps/v1', 'Deployment', (deployment) => this.#roll(deployment));
    on<KubeObject>('cert-manager.io/v1', 'Certificate', (certificate) => this.#issue(certificate));
    on<Namespace>('v1', 'Namespace', (namespace) => this.#copyCredentials(namespace));
  }

  /** Says what images do whose name ends so; all others serve. */
  set(imageEnd: string, behaviour: Behaviour): void {
    this.#behaviours.set(imageEnd, behaviour);
  }

  /** Lets a Deployment be looked at again, as after a restart of its controller. */
  async retry(namespace: string, name: string): Promise<void> {
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name };
    const patch = { status: { observedGeneration: 0 } };
    await this.#kube.patch(ref, { type: 'merge', patch }, { subresource: 'status' });
  }

  #behaviourOf(image: string): Behaviour {
    for (const [end, behaviour] of this.#behaviours) if (image.endsWith(end)) return behaviour;
    return 'serves';
  }

  async #roll(seen: Deployment): Promise<void> {
    const { namespace = '', name } = seen.metadata;
    const deployment = await this.#kube.get<Deployment>({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace,
      name,
    });
    if (deployment === undefined || deployment.status?.observedGeneration === deployment.metadata.generation)
      return;
    const replicas = deployment.spec.replicas ?? 1;
    const set = await this.#replicaSet(deployment);
    const image = deployment.spec.template.spec.containers[0]?.image ?? '';
    const behaviour = this.#behaviourOf(image);
    await this.#makePods(deployment, set, replicas, behaviour);
    const serves = behaviour === 'serves';
    if (serves) await this.#removeOthers(deployment, set, replicas);
    const status = {
      observedGeneration: deployment.metadata.generation,
      replicas: serves ? replicas : replicas + 1,
      updatedReplicas: replicas,
      readyReplicas: serves ? replicas : 0,
      availableReplicas: serves ? replicas : 0,
      conditions:
        behaviour === 'silent'
          ? [
              {
                type: 'Progressing',
                status: 'False',
                reason: 'ProgressDeadlineExceeded',
                message: 'too late',
              },
            ]
          : [],
    };
    await this.#kube.patch(
      { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name },
      { type: 'merge', patch: { status } },
      { subresource: 'status' },
    );
  }

  async #replicaSet({ metadata, spec }: Deployment): Promise<ReplicaSet> {
    const { namespace = '', name, uid = '' } = metadata;
    const hash = createHash('sha1').update(JSON.stringify(spec.template)).digest('hex').slice(0, 10);
    const { items } = await this.#kube.list<ReplicaSet>({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      namespace,
    });
    const revisions = items.map((set) => Number(set.metadata.annotations?.[REVISION] ?? 0));
    this.#kube.seed({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: spec.template.metadata?.labels ?? {},
        annotations: { [REVISION]: String(Math.max(0, ...revisions) + 1) },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true }],
      },
      spec: { selector: {}, template: spec.template },
    });
    const set = await this.#kube.get<ReplicaSet>({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      namespace,
      name: `${name}-${hash}`,
    });
    if (set === undefined) throw new Error('the ReplicaSet was deleted');
    return set;
  }

  async #makePods(
    { spec }: Deployment,
    set: ReplicaSet,
    replicas: number,
    behaviour: Behaviour,
  ): Promise<void> {
    const container = spec.template.spec.containers[0];
    for (let index = 0; index < replicas; index++) {
      const name = `${set.metadata.name}-${index}`;
      const namespace = set.metadata.namespace ?? '';
      const terminated = { exitCode: 3, reason: 'Error' };
      this.#kube.seed({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name,
          namespace,
          labels: spec.template.metadata?.labels ?? {},
          annotations: spec.template.metadata?.annotations ?? {},
          ownerReferences: [
            {
              apiVersion: 'apps/v1',
              kind: 'ReplicaSet',
              name: set.metadata.name,
              uid: set.metadata.uid ?? '',
              controller: true,
            },
          ],
        },
        spec: spec.template.spec,
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: behaviour === 'serves' ? 'True' : 'False' }],
          containerStatuses: [
            {
              name: container?.name ?? '',
              image: container?.image ?? '',
              ready: behaviour === 'serves',
              restartCount: behaviour === 'crashes' ? 2 : 0,
              ...(behaviour === 'crashes'
                ? { state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated } }
                : { state: { running: { startedAt: '2026-01-01T00:00:00Z' } } }),
            },
          ],
        },
      });
      this.#kube.writeLog({ namespace, name }, container?.name ?? '', `hello from ${container?.image ?? ''}`);
      if (behaviour === 'crashes')
        this.#kube.writeLog({ namespace, name }, container?.name ?? '', 'TypeError: boom');
    }
  }

  async #removeOthers({ metadata }: Deployment, keep: ReplicaSet, replicas: number): Promise<void> {
    const { namespace = '', name } = metadata;
    const { items } = await this.#kube.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace });
    for (const pod of items) {
      const index = Number(pod.metadata.name.split('-').at(-1));
      const isKept = pod.metadata.name.startsWith(`${keep.metadata.name}-`) && index < replicas;
      if (!pod.metadata.name.startsWith(`${name}-`) || isKept) continue;
      await this.#kube.delete({ apiVersion: 'v1', kind: 'Pod', namespace, name: pod.metadata.name });
    }
  }

  #issue({ metadata, ...rest }: KubeObject): void {
    const { secretName } = rest['spec'] as { secretName: string };
    const { namespace = '' } = metadata;
    this.#kube.seed({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secretName, namespace },
      type: 'kubernetes.io/tls',
      data: {},
    });
  }

  #copyCredentials({ metadata }: Namespace): void {
    if (metadata.labels?.['sync.test/target'] !== 'registry-creds') return;
    this.#kube.seed({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'registry-creds', namespace: metadata.name },
      type: 'kubernetes.io/dockerconfigjson',
      data: {},
    });
  }
}
