import { withSession } from '../client/session.ts';
import { outputOption, wantsJson, type Command } from '../command.ts';
import { printPairs } from '../terminal/table.ts';
import { printJson } from '../terminal/terminal.ts';
import { version } from '../version.ts';

export default {
  summary: 'show versions of server and client',
  options: [outputOption],
  run: (_args, options, context) =>
    withSession(context, options, async ({ api }) => {
      const info = await api.info();
      if (wantsJson(options)) {
        printJson(context.terminal, info);
        return;
      }
      printPairs(context.terminal, [
        ['Platform', info.platform ?? ''],
        ['Kubernetes Version', info.kube_version ?? ''],
        ['Epinio Server Version', info.version],
        ['Epinio Client Version', version],
        ['OIDC enabled', String(info.oidc_enabled ?? false)],
      ]);
    }),
} satisfies Command;
