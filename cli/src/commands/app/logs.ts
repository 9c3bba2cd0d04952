import { EpinioError } from '@epinio/core';
import { readLogs } from '../../client/logs.ts';
import { targetOf, withSession, type Session } from '../../client/session.ts';
import { flagOption, textOption, type Command, type Options } from '../../command.ts';
import { logPrinter } from '../../terminal/log-line.ts';
import { note } from '../../terminal/terminal.ts';

export default {
  summary: 'show the logs of an application',
  arguments: [{ name: 'name', description: 'the application', required: true }],
  options: [
    { flags: '-f, --follow', description: 'go on with new lines until Ctrl-C' },
    { flags: '--staging', description: 'the log of the last staging run' },
    { flags: '--tail <lines>', description: 'only so many lines from the end' },
    { flags: '--since <duration>', description: 'only lines younger than this, such as 10m or 2h' },
    { flags: '--since-time <time>', description: 'only lines after this RFC 3339 time' },
  ],
  examples: ['epinio app logs --follow sample', 'epinio app logs --staging sample'],
  run: ([name = ''], options, context) =>
    withSession(context, options, async (session) => {
      const namespace = targetOf(session);
      const path = flagOption(options, 'staging')
        ? await stagingPath(session, namespace, name)
        : `/namespaces/${encodeURIComponent(namespace)}/applications/${encodeURIComponent(name)}/logs`;
      const token = await session.api.authToken();
      const show = logPrinter(context.terminal, context.terminal.out);
      for await (const line of readLogs(session.connection, path, token, filters(options), context.signal))
        show(line);
      if (context.signal.aborted) note(context.terminal, '');
    }),
} satisfies Command;

async function stagingPath({ api }: Session, namespace: string, name: string): Promise<string> {
  const { stage_id: stage } = await api.app(namespace, name);
  if (stage !== undefined && stage !== '') {
    return `/namespaces/${encodeURIComponent(namespace)}/staging/${encodeURIComponent(stage)}/logs`;
  }
  throw new EpinioError('APP_NOT_STAGED', `Application "${name}" has not been staged yet`, {
    fix: `epinio push --name ${name}`,
  });
}

function filters(options: Options): Record<string, string> {
  const query: Record<string, string> = { follow: String(flagOption(options, 'follow')) };
  for (const [option, key] of [
    ['tail', 'tail'],
    ['since', 'since'],
    ['sinceTime', 'since_time'],
  ] as const) {
    const value = textOption(options, option);
    if (value !== undefined) query[key] = value;
  }
  return query;
}
