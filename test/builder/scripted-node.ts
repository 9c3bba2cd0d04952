import type { ContainerState, Job, Pod } from '@epinio/core';
import type { FakeKube } from '@epinio/core/testkit';

const NAMESPACE = 'epinio';

/** Does by hand what the Job controller and a node do: says how far a staging run is. */
export class ScriptedNode {
  readonly #kube: FakeKube;
  readonly #job: Job;
  readonly #states = new Map<string, ContainerState>();

  constructor(kube: FakeKube, job: Job) {
    this.#kube = kube;
    this.#job = job;
  }

  get pod(): { readonly namespace: string; readonly name: string } {
    return { namespace: NAMESPACE, name: `${this.#job.metadata.name.slice(0, 40)}-pod` };
  }

  run(container: string): void {
    this.#put(container, { running: { startedAt: '2026-01-01T00:00:00Z' } });
  }

  log(container: string, ...lines: readonly string[]): void {
    for (const line of lines) this.#kube.writeLog(this.pod, container, line);
  }

  end(container: string, exitCode = 0, more: { readonly reason?: string } = {}): void {
    this.#put(container, {
      terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', ...more },
    });
    this.#kube.endLog(this.pod, container);
  }

  /** The pod as a whole. */
  finish(status: Pod['status']): void {
    this.#write(status);
  }

  async complete(type: 'Complete' | 'Failed', reason?: string): Promise<void> {
    const condition = { type, status: 'True', ...(reason !== undefined && { reason }) };
    await this.#kube.patch(
      { apiVersion: 'batch/v1', kind: 'Job', namespace: NAMESPACE, name: this.#job.metadata.name },
      { type: 'merge', patch: { status: { conditions: [condition] } } },
      { subresource: 'status' },
    );
  }

  #put(container: string, state: ContainerState): void {
    this.#states.set(container, state);
    this.#write({ phase: 'Running' });
  }

  #write(status: Pod['status']): void {
    const { template } = this.#job.spec;
    const statuses = (containers: Pod['spec']['containers'] = []) =>
      containers.map(({ name }) => ({
        name,
        ready: false,
        restartCount: 0,
        state: this.#states.get(name) ?? { waiting: { reason: 'PodInitializing' } },
      }));
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...this.pod, labels: template.metadata?.labels ?? {} },
      spec: template.spec,
      status: {
        initContainerStatuses: statuses(template.spec.initContainers),
        containerStatuses: statuses(template.spec.containers),
        ...status,
      },
    };
    this.#kube.seed(pod);
  }
}
