import { randomBytes } from 'node:crypto';
import type { AppName } from '../apps/app-object.ts';
import { badRequest, notFound } from '../apps/published-errors.ts';
import type { AppState } from './app-state.ts';
import type { DeploymentDeps } from './deps.ts';
import { holdLease } from './lease.ts';
import { type DeploymentRecord, isStaging } from './record.ts';
import { endRecords, timestamp } from './steps.ts';
import { Worker } from './worker.ts';

/** What a push asks for. */
export type PushInput = Pick<DeploymentRecord, 'blobUid' | 'image' | 'builderImage' | 'origin' | 'restage'>;

/** Takes up changes of what runs, and carries them out one after the other for each application. */
export class Deployments {
  readonly #deps: DeploymentDeps;
  readonly #worker: Worker;

  constructor(deps: DeploymentDeps) {
    this.#deps = deps;
    this.#worker = new Worker(deps);
  }

  /** Takes up what was left unfinished, here or by servers that are gone; goes on until `stop`. */
  start(): void {
    this.#worker.start();
  }

  /** Interrupts what is under way; a later start, here or elsewhere, goes on with it. */
  async stop(): Promise<void> {
    await this.#worker.stop();
  }

  /**
   * Stores a push and begins it. Fails with the published 400 while another push of the application is being staged;
   * one that is already being rolled out is waited for. A push that was interrupted by the end of a server, and goes on
   * by itself, is replaced: whoever pushes again need not wait for what nobody follows any more.
   */
  async push(app: AppName, user: string, input: PushInput, signal?: AbortSignal): Promise<DeploymentRecord> {
    const record = { ...this.#newRecord(user), ...input };
    let replaced: readonly DeploymentRecord[] = [];
    await this.#add(app, record, signal, (state) => {
      replaced = input.blobUid === undefined ? [] : state.records.filter(isStaging);
      if (replaced.some(({ resumed }) => resumed !== true)) {
        throw badRequest('APP_STAGING', 'staging job for image ID still running', {
          fix: 'Wait until the push that is under way has been built, then push again',
        });
      }
      return endRecords(state, replaced, 'a newer push came instead', this.#deps.clock.now());
    });
    await this.#worker.drop(replaced, signal);
    return record;
  }

  /** Brings what runs up to the settings, and waits for it. Fails as the deployment fails. */
  async redeploy(
    app: AppName,
    user: string,
    options: { readonly restart?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<DeploymentRecord> {
    const record = { ...this.#newRecord(user), ...(options.restart === true ? { restart: true } : {}) };
    await this.#add(app, record, options.signal);
    return this.#worker.outcome(app, record.id, options.signal);
  }

  /** From memory. Fails with the published 404. */
  get(app: AppName, id: string): DeploymentRecord {
    const record = this.#deps.states.get(app).records.find((one) => one.id === id);
    if (record === undefined) throw notFound('deployment', id);
    return record;
  }

  /** The newest record of the application that names this staging run. */
  ofStage(app: AppName, stageId: string): DeploymentRecord | undefined {
    return this.#deps.states.get(app).records.findLast((one) => one.stageId === stageId);
  }

  /** Ends everything that is under way for an application that is going to be deleted. */
  async abandon(app: AppName, signal?: AbortSignal): Promise<void> {
    await this.#worker.abandon(app, signal);
  }

  #newRecord(user: string): DeploymentRecord {
    const startedAt = timestamp(this.#deps.clock.now());
    return { id: randomBytes(8).toString('hex'), status: 'pending', user, startedAt };
  }

  async #add(
    app: AppName,
    record: DeploymentRecord,
    signal: AbortSignal | undefined,
    prepare: (state: AppState) => AppState = (state) => state,
  ): Promise<void> {
    const { states, clock, identity } = this.#deps;
    await states.update(
      app,
      (present) => {
        const state = prepare(present);
        const lease = holdLease(state, identity, clock.now());
        return { ...state, records: [...state.records, record], ...lease };
      },
      signal,
    );
    this.#worker.look(app);
  }
}
