import { setMaxListeners } from 'node:events';
import type { AppName } from '../apps/app-object.ts';
import { labels } from '../apps/labels.ts';
import { EpinioError, hasCode, isEpinioError, messageOf } from '../kernel/errors.ts';
import { createBackoff } from '../kube/backoff.ts';
import { readState } from './app-state.ts';
import { cleanUp } from './clean-up.ts';
import { type DeploymentDeps, lockOn } from './deps.ts';
import { holdLease, mayHold, RENEW_MS } from './lease.ts';
import { type DeploymentRecord, isFinished } from './record.ts';
import { waitForRecord } from './record-wait.ts';
import { isInterruption, release } from './release.ts';
import { stage } from './stage.ts';
import { endRecords, storeStep, timestamp } from './steps.ts';

interface Task {
  readonly app: AppName;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

const ABANDONED = 'the application was deleted';
/** How long a cluster that does not answer is waited for before a deployment counts as failed. */
const OUTAGE_MS = 5 * 60_000;

/**
 * Works on the unfinished deployments of the applications that this server holds: staging at once, rolling out one
 * after the other for each application.
 */
export class Worker {
  readonly #deps: DeploymentDeps;
  readonly #tasks = new Map<string, Task>();
  readonly #stopped = new AbortController();
  #unsubscribe: () => void = () => undefined;
  #beat: Promise<void> | undefined;

  constructor(deps: DeploymentDeps) {
    this.#deps = deps;
    setMaxListeners(0, this.#stopped.signal); // every request that waits for a deployment listens to it
  }

  start(): void {
    const { caches, log } = this.#deps;
    this.#unsubscribe = caches.secrets.subscribe(({ type, object }) => {
      const { namespace = '', labels: own = {} } = object.metadata;
      const name = own[labels.name];
      if (type !== 'deleted' && own[labels.area] === 'deployment' && name !== undefined)
        this.look({ namespace, name });
    });
    this.#lookAtAll();
    this.#beat = this.#heartbeat().catch((error: unknown) => {
      if (!this.#stopped.signal.aborted)
        log.error('Deployments are no longer renewed', { error: messageOf(error) });
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopped.abort(new EpinioError('SERVER_STOPPING', 'The server is stopping', { status: 503 }));
    for (const { abort } of this.#tasks.values()) abort.abort(this.#stopped.signal.reason);
    await Promise.all([...this.#tasks.values()].map(({ done }) => done));
    await this.#beat;
  }

  /** Begins what is unfinished for an application, when it may; `resumes` says that somebody else had begun it. */
  look(app: AppName, { resumes = false } = {}): void {
    if (this.#stopped.signal.aborted) return;
    const { states, identity, clock } = this.#deps;
    const state = states.get(app);
    if (!state.records.some((record) => !isFinished(record)) || !mayHold(state, identity, clock.now()))
      return;
    for (const record of state.records) {
      if (!isFinished(record) && !this.#tasks.has(record.id)) this.#begin(app, record, resumes);
    }
  }

  /** Resolves when the deployment has succeeded, and fails as it fails. */
  async outcome(app: AppName, id: string, signal?: AbortSignal): Promise<DeploymentRecord> {
    return waitForRecord(this.#deps, app, id, signal, this.#stopped.signal);
  }

  /** Ends everything of an application, for every server. */
  async abandon(app: AppName, signal?: AbortSignal): Promise<void> {
    const { states, clock } = this.#deps;
    const unfinished = states.get(app).records.filter((record) => !isFinished(record));
    await states.update(
      app,
      (state) =>
        unfinished.length === 0 ? undefined : endRecords(state, unfinished, ABANDONED, clock.now()),
      signal,
    );
    await this.drop(unfinished, signal);
  }

  /** Stops the work on deployments that have been ended, and their staging runs. */
  async drop(ended: readonly DeploymentRecord[], signal?: AbortSignal): Promise<void> {
    const own = ended.map(({ id }) => this.#tasks.get(id)).filter((task) => task !== undefined);
    for (const { abort } of own) abort.abort(new EpinioError('DEPLOYMENT_ENDED', ABANDONED));
    for (const { stageId, reused } of ended) {
      if (stageId !== undefined && reused !== true) await this.#deps.builder.cancel(stageId, signal);
    }
    await Promise.all(own.map(({ done }) => done));
  }

  /** For what was left behind: by servers that are gone, or by this one before it was started again. */
  #lookAtAll(): void {
    for (const secret of this.#deps.caches.secrets.list()) {
      const { namespace = '', labels: own = {} } = secret.metadata;
      const name = own[labels.name];
      if (own[labels.area] !== 'deployment' || name === undefined) continue;
      try {
        readState(secret);
      } catch (error) {
        this.#deps.log.error('The deployments of an application cannot be read', {
          namespace,
          name,
          error: messageOf(error),
        });
        continue;
      }
      this.look({ namespace, name }, { resumes: true });
    }
  }

  /** Renews what is held, and finds what other servers have left. */
  async #heartbeat(): Promise<void> {
    const { clock, states, identity, log } = this.#deps;
    const { signal } = this.#stopped;
    for (;;) {
      await clock.sleep(RENEW_MS, signal);
      this.#lookAtAll();
      const apps = new Map([...this.#tasks.values()].map(({ app }) => [`${app.namespace}/${app.name}`, app]));
      for (const app of apps.values()) {
        await states
          .update(app, (state) => ({ ...state, ...holdLease(state, identity, clock.now()) }), signal)
          .catch((error: unknown) =>
            log.warn('A deployment could not be renewed', { ...app, error: messageOf(error) }),
          );
      }
    }
  }

  #begin(app: AppName, record: DeploymentRecord, resumes: boolean): void {
    const abort = new AbortController();
    // A deployment applies many objects side by side, each of which listens to it.
    setMaxListeners(0, abort.signal);
    // The map is filled before the work begins: a step that is stored is seen by `look` at once.
    const done = Promise.resolve()
      .then(() => this.#carryOut(app, record.id, resumes, abort.signal))
      .catch((error: unknown) => {
        this.#deps.log.error('A deployment is left unfinished', {
          ...app,
          id: record.id,
          error: messageOf(error),
        });
      })
      .finally(() => this.#tasks.delete(record.id));
    this.#tasks.set(record.id, { app, abort, done });
  }

  async #carryOut(app: AppName, id: string, resumes: boolean, signal: AbortSignal): Promise<void> {
    const { states, identity, clock, locks } = this.#deps;
    // Taken over from another server, or from this one before it was started again: from here on, it is ours.
    const { lease } = states.get(app);
    if (lease?.holder !== identity || clock.now() - lease.renewedAt > RENEW_MS) {
      const state = await states.update(
        app,
        (now) => ({ ...now, ...holdLease(now, identity, clock.now()) }),
        signal,
      );
      if (state.lease?.holder !== identity) return;
    }
    try {
      if (resumes) await storeStep(states, app, id, () => ({ record: { resumed: true } }), signal);
      await this.#throughOutages(signal, async () => {
        const record = this.#unfinished(app, id);
        if (record.status !== 'deploying') await stage(this.#deps, app, record, signal);
      });
      await locks.run(lockOn.workload(app), () =>
        this.#throughOutages(signal, () => release(this.#deps, app, this.#unfinished(app, id), signal)),
      );
    } catch (error) {
      if (signal.aborted || hasCode(error, 'DEPLOYMENT_ENDED')) return;
      await this.#throughOutages(signal, () => this.#fail(app, id, error));
      return;
    }
    await cleanUp(this.#deps, app, signal);
  }

  #unfinished(app: AppName, id: string): DeploymentRecord {
    const record = this.#deps.states.get(app).records.find((one) => one.id === id);
    if (record === undefined || isFinished(record)) {
      throw new EpinioError('DEPLOYMENT_ENDED', `deployment '${id}' of application '${app.name}' has ended`);
    }
    return record;
  }

  /** Steps can be repeated: a cluster that is away for a while does not make a deployment fail. */
  async #throughOutages(signal: AbortSignal, step: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#deps;
    const backoff = createBackoff();
    const deadline = clock.elapsed() + OUTAGE_MS;
    for (;;) {
      try {
        await step();
        return;
      } catch (error) {
        if (signal.aborted || !isInterruption(error, signal) || hasCode(error, 'DEPLOYMENT_ENDED'))
          throw error;
        if (clock.elapsed() >= deadline) throw error;
        log.warn('The cluster does not answer; the deployment goes on when it does', {
          error: messageOf(error),
        });
        await clock.sleep(backoff.next(), signal);
      }
    }
  }

  async #fail(app: AppName, id: string, error: unknown): Promise<void> {
    const { states, clock, log } = this.#deps;
    const title = messageOf(error);
    const details = isEpinioError(error) ? error.details : [];
    log.info('Deployment failed', { ...app, id, error: title });
    if (!isEpinioError(error))
      log.error('Deployment failed unexpectedly', { ...app, id, stack: (error as Error).stack });
    await storeStep(states, app, id, (record, { staging }) => ({
      record: {
        status: 'failed',
        error: [title, ...details].join('\n'),
        ...(isEpinioError(error) ? { errorCode: error.code, errorStatus: error.status } : {}),
        finishedAt: timestamp(clock.now()),
        previous: undefined,
      },
      state: {
        failure: title,
        ...(staging === 'active' && record.status === 'staging' ? { staging: 'failed' as const } : {}),
      },
    }));
  }
}
