import type { App, Origin } from '../../client/models.ts';
import { targetOf, withSession } from '../../client/session.ts';
import { outputOption, wantsJson, type Command } from '../../command.ts';
import { printPairs, printTable } from '../../terminal/table.ts';
import { print, printJson } from '../../terminal/terminal.ts';
import { formatAge, formatTime } from '../../terminal/time.ts';

export default {
  summary: 'show an application',
  arguments: [{ name: 'name', description: 'the application', required: true }],
  options: [outputOption],
  run: ([name = ''], options, context) =>
    withSession(context, options, async (session) => {
      const app = await session.api.app(targetOf(session), name);
      if (wantsJson(options)) {
        printJson(context.terminal, app);
        return;
      }
      const now = Date.now();
      printPairs(context.terminal, [...origin(app), ...state(app, now), ...configuration(app)]);
      const instances = Object.values(app.deployment?.replicas ?? {});
      if (instances.length === 0) return;
      print(context.terminal);
      printTable(
        context.terminal,
        ['Name', 'Ready', 'Memory', 'MilliCPUs', 'Restarts', 'Age'],
        instances.map(({ name: pod, ready, metricsOk, memoryBytes, millicpus, restarts, createdAt }) => [
          pod,
          String(ready),
          metricsOk ? `${(memoryBytes / 1024 ** 2).toFixed(1)} MiB` : 'not available',
          metricsOk ? String(millicpus) : 'not available',
          String(restarts),
          formatAge(createdAt, now),
        ]),
      );
    }),
} satisfies Command;

type Pairs = readonly (readonly [string, string])[];

function origin({ origin: { Kind, path, git, container }, meta }: App): Pairs {
  const texts: Record<Origin['Kind'], string> = {
    0: '<<undefined>>',
    1: path ?? '',
    2: git === undefined ? '' : [git.repository, git.revision].filter(Boolean).join(' @ '),
    3: container ?? '',
  };
  return [
    ['Origin', texts[Kind]],
    ['Created', formatTime(meta.createdAt)],
  ];
}

function state(app: App, now: number): Pairs {
  const { deployment } = app;
  const last = ['Last StageId', app.stage_id ?? ''] as const;
  if (deployment === undefined) {
    return [
      ['Status', idleStatus(app)],
      last,
      ['Desired Routes', (app.configuration.routes ?? []).join(', ')],
    ];
  }
  return [
    ['Status', [deployment.status ?? '', app.statusmessage].filter(Boolean).join(', ')],
    ['Username', deployment.username ?? ''],
    ['Running StageId', deployment.stage_id ?? ''],
    last,
    ['Age', formatAge(deployment.createdAt, now)],
    ['Active Routes', (app.urls ?? deployment.routes ?? []).join(', ')],
  ];
}

function idleStatus({ status, stagingstatus, statusmessage, configuration }: App): string {
  if (stagingstatus === 'active') return 'not deployed, staging active';
  if (stagingstatus === 'failed') return 'not deployed, staging failed';
  if (configuration.instances === 0) return 'deployed, scaled to zero';
  if (status === 'error') return ['staging ok, deployment failed', statusmessage].filter(Boolean).join(': ');
  return 'not deployed';
}

function configuration({ configuration: c, staging }: App): Pairs {
  const map = (values: Readonly<Record<string, string>> | null | undefined): string =>
    Object.entries(values ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(' ');
  return [
    ['App Chart', c.appchart ?? ''],
    ['Builder Image', staging.builder ?? ''],
    ['Desired Instances', String(c.instances ?? '')],
    ['Bound Configurations', (c.configurations ?? []).join(', ')],
    ['User Environment', map(c.environment_grouped?.user ?? c.environment)],
    ['Service-provided Variables', map(c.environment_grouped?.service)],
    ['Chart Values', map(c.settings)],
  ];
}
