import { EpinioError } from '@epinio/core';
import { outputOption, wantsJson, type Command } from '../command.ts';
import { dataDirOption, dataFolder } from '../platform/data-folder.ts';
import { configurationFlags, isConfigured, loadFromUser, loadSaved } from '../platform/installation.ts';
import { note, printJson } from '../terminal/terminal.ts';
import { printTable } from '../terminal/table.ts';

export default {
  summary: 'show the components of the platform, whose they are and how they are',
  options: [...configurationFlags, dataDirOption, outputOption],
  examples: ['epinio components', 'epinio components -f epinio.config.yaml --output json'],
  async run(_args, options, context) {
    const { terminal } = context;
    const dataDir = dataFolder(context, options);
    const installation = (await isConfigured(context, options))
      ? await loadFromUser(context, options)
      : await loadSaved(dataDir);
    const { componentsOnCluster } = await import('../platform/components-on-cluster.ts');
    const work = { installation, dataDir, environment: context.env, signal: context.signal };
    const { description, statuses } = await componentsOnCluster(work);
    if (wantsJson(options)) printJson(terminal, statuses);
    else {
      note(terminal, `Cluster: ${description}`);
      const rows = statuses.map(({ id, contract = 'platform', version = '', owner, isHealthy, why = '' }) => {
        return [contract, id, version, owner, isHealthy ? 'ready' : 'not ready', why];
      });
      printTable(terminal, ['Contract', 'Component', 'Version', 'Owner', 'Health', 'Why'], rows);
    }
    const sick = statuses.filter(({ isHealthy }) => !isHealthy).map(({ id }) => `"${id}"`);
    if (sick.length === 0) return;
    throw new EpinioError('COMPONENTS_NOT_READY', `Not ready: ${sick.join(', ')}`, {
      fix: 'epinio install brings them to what is configured',
      fault: 'system',
    });
  },
} satisfies Command;
