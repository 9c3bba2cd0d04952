import { type LogLine } from '../../contracts/builder.ts';
import { appLog } from '../../logs/app-log.ts';
import { type LogParameters, parseLogParameters } from '../../logs/log-parameters.ts';
import { badRequest } from '../../apps/published-errors.ts';
import { isRunGone, type RunOwner } from '../../deployments/staging-runs.ts';
import type { ApiContext } from '../context.ts';
import { logSession } from '../log-session.ts';
import type { Platform } from '../platform.ts';
import { type SocketRoute, socketRoute } from '../socket-route.ts';
import { stagingCompleteSession } from '../staging-complete-session.ts';

const NS = '/wapi/v1/namespaces/:namespace';
const LOG_QUERY = [
  'follow',
  'tail',
  'since',
  'since_time',
  'include_containers',
  'exclude_containers',
] as const;

/** The websockets: logs, and the end of staging. Whatever is wrong is answered before the upgrade. */
export function socketRoutes(platform: Platform): SocketRoute[] {
  const { queries, stagingRuns, caches, deps } = platform;
  const { kube, clock, log } = deps;
  return [
    socketRoute('AppLogs', `${NS}/applications/:app/logs`, 'The log of an application', (c) => {
      const app = { namespace: c.req.param('namespace') ?? '', name: c.req.param('app') ?? '' };
      queries.object(app);
      if (queries.pods(app).length === 0) {
        throw badRequest('APP_WITHOUT_WORKLOAD', 'No logs available for application without workload');
      }
      const source = { kube, caches, queries, log };
      return logSession(
        parametersOf(c, platform),
        (parameters, signal) => appLog(source, app, parameters, signal),
        log,
      );
    }),
    socketRoute('StagingLogs', `${NS}/staging/:stage_id/logs`, 'The log of a staging run', (c) => {
      const stageId = c.req.param('stage_id') ?? '';
      const owner = stagingRuns.owner(c.req.param('namespace') ?? '', stageId);
      const open = (parameters: LogParameters, signal: AbortSignal): AsyncIterable<LogLine> =>
        stagingLog(platform, owner, stageId, parameters, signal);
      return logSession(parametersOf(c, platform), open, log);
    }),
    socketRoute('StagingCompleteWs', `${NS}/staging/:stage_id/complete`, 'The end of a staging run', (c) => {
      const run = { namespace: c.req.param('namespace') ?? '', stageId: c.req.param('stage_id') ?? '' };
      stagingRuns.owner(run.namespace, run.stageId);
      return stagingCompleteSession(
        run,
        (signal) => stagingRuns.wait(run.namespace, run.stageId, signal),
        clock,
      );
    }),
  ];
}

function parametersOf(c: ApiContext, { deps }: Platform): LogParameters {
  const query = Object.fromEntries(LOG_QUERY.map((key) => [key, c.req.query(key)]));
  return parseLogParameters(query, deps.mesh.sidecarContainers);
}

/**
 * A push follows the log of its run. When nothing was built, it is told so instead of being shown the log of an earlier
 * build as if it happened now; asked for without following, the log is shown as always.
 */
async function* stagingLog(
  { stagingRuns }: Platform,
  owner: RunOwner,
  stageId: string,
  { follow, tailLines, sinceSeconds, sinceTime }: LogParameters,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  if (follow && owner.record?.reused === true) {
    yield reusedNote(owner);
    return;
  }
  try {
    yield* stagingRuns.logs(owner, stageId, {
      follow,
      tailLines,
      signal,
      ...(sinceTime === undefined ? {} : { sinceTime }),
      ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    });
  } catch (error) {
    // The run is known, its log is not kept any more: an empty log, as of a pod that is gone.
    if (!isRunGone(error)) throw error;
  }
}

function reusedNote({ app, record }: RunOwner): LogLine {
  const message =
    `Sources, builder and environment are unchanged: the image of staging run ${record?.stageId ?? ''} is used again ` +
    `(its log: epinio app logs --staging ${app.name})`;
  return { message, container: 'epinio', pod: '', namespace: app.namespace, timestamp: '' };
}
