import { targetOf, withSession } from '../../client/session.ts';
import type { App } from '../../client/models.ts';
import { flagOption, outputOption, wantsJson, type Command } from '../../command.ts';
import { printTable } from '../../terminal/table.ts';
import { printJson } from '../../terminal/terminal.ts';
import { formatTime } from '../../terminal/time.ts';

export default {
  summary: 'list applications',
  options: [{ flags: '-a, --all', description: 'of all namespaces' }, outputOption],
  run: (_args, options, context) =>
    withSession(context, options, async (session) => {
      const all = flagOption(options, 'all');
      const apps = all ? await session.api.allApps() : await session.api.apps(targetOf(session));
      if (wantsJson(options)) {
        printJson(context.terminal, apps);
        return;
      }
      const headers = ['Name', 'Created', 'Status', 'Routes', 'Configurations', 'Status Details'];
      printTable(
        context.terminal,
        all ? ['Namespace', ...headers] : headers,
        apps.map((app) => (all ? [app.meta.namespace ?? '', ...row(app)] : row(app))),
      );
    }),
} satisfies Command;

function row(app: App): string[] {
  const { meta, configuration, deployment } = app;
  const urls = app.urls ?? deployment?.routes ?? [];
  return [
    meta.name,
    formatTime(meta.createdAt),
    deployment?.status ?? (configuration.instances === 0 ? '0/0' : 'n/a'),
    deployment === undefined ? 'n/a' : urls.join(', '),
    (configuration.configurations ?? []).join(', '),
    statusDetails(app),
  ];
}

function statusDetails({ status, stagingstatus, statusmessage }: App): string {
  const details: string[] = [];
  if (status === 'staging' || stagingstatus === 'active') details.push('staging');
  else if (stagingstatus === 'failed') details.push('staging failed');
  if (statusmessage !== '') details.push(statusmessage);
  return details.join(', ');
}
