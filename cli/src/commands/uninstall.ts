import { flagOption, type Command } from '../command.ts';
import { dataDirOption, dataFolder } from '../platform/data-folder.ts';
import { configurationFlags, isConfigured, isHostedCluster, loadFromUser } from '../platform/installation.ts';
import { readSettings, writeSettings } from '../settings/settings-file.ts';
import { confirmOrCancel } from '../terminal/prompt.ts';
import { done, note } from '../terminal/terminal.ts';

export default {
  summary: 'remove what was installed',
  options: [...configurationFlags, dataDirOption, { flags: '-y, --yes', description: 'ask no questions' }],
  examples: ['epinio uninstall', 'epinio uninstall -f epinio.config.yaml'],
  async run(_args, options, context) {
    const { terminal } = context;
    const dataDir = dataFolder(context, options);
    if (await isConfigured(context, options)) {
      const installation = await loadFromUser(context, options);
      if (!installation.plugins.some(isHostedCluster)) {
        const { uninstallFromCluster } = await import('./uninstall-from-cluster.ts');
        await uninstallFromCluster(context, options, installation);
        return;
      }
    }
    const { uninstallEmbedded, embeddedPlatform } = await import('../platform/uninstall-embedded.ts');
    const platform = await embeddedPlatform(dataDir);
    if (platform === undefined) {
      note(terminal, `Nothing is installed in ${dataDir}`);
      return;
    }
    if (!flagOption(options, 'yes')) {
      const what = `This removes the platform in ${dataDir} with all its applications and data. Are you sure?`;
      await confirmOrCancel(context, what, 'give --yes');
    }
    await uninstallEmbedded(dataDir, context.signal);
    const { api } = await readSettings({ ...context, env: {} }, options);
    if (api !== '' && api === platform.api) {
      await writeSettings(context, options, { api: '', wss: '', user: '', pass: '', certs: '' });
    }
    done(terminal, 'Epinio uninstalled.');
  },
} satisfies Command;
