import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { EpinioError, hasCode } from '@epinio/core';
import type { DeploymentRequest, DeploymentStatus, Origin as ApiOrigin } from '../client/models.ts';
import { readLogs } from '../client/logs.ts';
import type { Session } from '../client/session.ts';
import { note, paint, warn, type Terminal } from '../terminal/terminal.ts';
import type { PushRequest } from './request.ts';
import { openSources } from './sources.ts';
import { takeBack } from './take-back.ts';

/** How often a deployment is looked at: quickly at first, since most pushes take a second or two. */
const POLL_MS = [50, 100, 150, 250] as const;
const LOG_DRAIN_MS = 5_000;
/** Of the names of the containers that stage. */
const LABEL_WIDTH = 11;

export interface PushDeps {
  readonly session: Session;
  readonly namespace: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Pushes an application by the published order of calls and waits until it is online. */
export async function push(request: PushRequest, deps: PushDeps): Promise<DeploymentStatus> {
  const { session, namespace, terminal } = deps;
  const { api } = session;
  const { name } = request;
  // What is wrong with the sources is said before anything is created.
  const archive =
    request.origin.kind === 'path'
      ? await openSources(request.origin.path, request.ignore, {
          signal: deps.signal,
          onWarning: (text) => warn(terminal, text),
        })
      : undefined;
  let created = false;
  try {
    created = await createOrUpdate(request, deps);
    const sources = await prepare(request, archive, deps).catch(async (error: unknown) => {
      if (created && !deps.signal.aborted) await takeBack({ session, namespace, name, terminal });
      throw error;
    });
    note(terminal, 'Building and deploying application on the server ...');
    const deployment = await api.deploy(namespace, name, {
      app: { name, namespace },
      ...sources,
      ...(request.builder === undefined ? {} : { builderimage: request.builder }),
    });
    return await follow(deployment, name, deps);
  } catch (error) {
    if (!deps.signal.aborted || hasCode(error, 'PUSH_INTERRUPTED')) throw error;
    throw interruptedEarly(name, created, error);
  } finally {
    archive?.destroy();
  }
}

/** @returns true when it was not there before. */
async function createOrUpdate(
  { name, configuration }: PushRequest,
  { session, namespace, terminal }: PushDeps,
): Promise<boolean> {
  note(terminal, 'Create the application resource ...');
  try {
    await session.api.createApp(namespace, { name, configuration });
    return true;
  } catch (error) {
    if (!hasCode(error, 'API_409')) throw error;
    note(terminal, 'Application exists, updating ...');
    await session.api.updateApp(namespace, name, { ...configuration, restart: false });
    return false;
  }
}

/** Has the settings checked and brings the sources to the server: all that comes before the deployment. */
async function prepare(
  { name, origin }: PushRequest,
  archive: Readable | undefined,
  { session, namespace, terminal }: PushDeps,
): Promise<Pick<DeploymentRequest, 'blobuid' | 'image' | 'origin'>> {
  await session.api.validateSettings(namespace, name);
  if (origin.kind === 'container') {
    return { image: origin.container, origin: { Kind: 3, container: origin.container } };
  }
  if (origin.kind === 'git') {
    const { url, revision = '', gitconfig = '', provider, branch } = origin.git;
    note(terminal, 'Importing the application sources from Git ...');
    const imported = await session.api.importGit(namespace, name, { url, revision, gitconfig });
    const git: ApiOrigin['git'] = {
      repository: url,
      ...given('revision', imported.revision ?? revision),
      ...given('branch', imported.branch ?? branch),
      ...given('provider', provider),
      ...given('gitconfig', gitconfig),
    };
    return { blobuid: imported.blobuid, origin: { Kind: 2, git } };
  }
  if (archive === undefined)
    throw new EpinioError('SOURCE_MISSING', `"${name}" has no sources`, { fault: 'system' });
  note(terminal, 'Collecting the application sources ...');
  note(terminal, 'Uploading application code ...');
  const { blobuid } = await session.api.upload(namespace, name, archive);
  return { blobuid, origin: { Kind: 1, path: origin.path } };
}

async function follow(first: DeploymentStatus, name: string, deps: PushDeps): Promise<DeploymentStatus> {
  const { session, namespace, signal } = deps;
  let deployment = first;
  let log: StagingLog | undefined;
  for (let look = 0; deployment.status !== 'succeeded' && deployment.status !== 'failed'; look += 1) {
    await delay(POLL_MS[Math.min(look, POLL_MS.length - 1)], undefined, { signal }).catch(() => {
      throw interrupted(name);
    });
    deployment = await session.api.deployment(namespace, name, deployment.id).catch((error: unknown) => {
      throw signal.aborted ? interrupted(name) : error;
    });
    if (log === undefined && deployment.stage_id !== undefined)
      log = followStaging(deployment.stage_id, deps);
  }
  await log?.drained();
  if (deployment.status === 'succeeded') return deployment;
  const [title = 'unknown cause', ...details] = (deployment.error ?? '').split('\n');
  throw new EpinioError('PUSH_FAILED', `Application "${name}" was not deployed: ${title}`, {
    details,
    fix: `look at the log with: epinio app logs --staging ${name}`,
    fault: 'user',
  });
}

interface StagingLog {
  /** Resolves when the rest of the log has been printed, or could not be had in time. */
  drained(): Promise<void>;
}

function followStaging(stageId: string, { session, namespace, terminal, signal }: PushDeps): StagingLog {
  const end = new AbortController();
  const path = `/namespaces/${encodeURIComponent(namespace)}/staging/${encodeURIComponent(stageId)}/logs`;
  const printed = (async (): Promise<void> => {
    const token = await session.api.authToken();
    const both = AbortSignal.any([signal, end.signal]);
    for await (const line of readLogs(session.connection, path, token, { follow: 'true' }, both)) {
      note(terminal, `${paint(terminal, 'dim', line.ContainerName.padEnd(LABEL_WIDTH))} ${line.Message}`);
    }
  })().catch((error: unknown) => {
    // The build goes on without its log; the outcome still comes with the deployment.
    if (!signal.aborted) warn(terminal, `The staging log is not available: ${String(error)}`);
  });
  return {
    async drained() {
      const timer = setTimeout(() => end.abort(), LOG_DRAIN_MS);
      await printed;
      clearTimeout(timer);
    },
  };
}

function interruptedEarly(name: string, created: boolean, cause: unknown): EpinioError {
  const what = `Interrupted before the deployment of "${name}" began; nothing that runs has changed`;
  const left = `. The new "${name}" stays without sources: push it again, or: epinio app delete ${name}`;
  return new EpinioError('PUSH_INTERRUPTED', created ? what + left : what, { cause });
}

function interrupted(name: string): EpinioError {
  return new EpinioError(
    'PUSH_INTERRUPTED',
    `Interrupted. The server goes on with the deployment; see it with: epinio app show ${name}`,
  );
}

function given<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [key]: value } as Record<K, string>);
}
