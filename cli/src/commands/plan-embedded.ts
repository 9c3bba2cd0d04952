import { EpinioError, planInstall, planText, type Installation } from '@epinio/core';
import { createLog } from '@epinio/core/adapters';
import type { CommandContext, Options } from '../command.ts';
import { runningServer } from '../platform/background-server.ts';
import { installComponents } from '../platform/components.ts';
import { composePlatform } from '../platform/compose.ts';
import { dataFolder } from '../platform/data-folder.ts';
import { prepareOnCluster } from '../platform/install-on-cluster.ts';
import { savedInstallation } from '../platform/installation.ts';
import { openCluster } from '../platform/on-cluster.ts';
import { note, print } from '../terminal/terminal.ts';

/** What an install on the embedded cluster would do. Fails for one that is installed and does not run. */
export async function printEmbeddedPlan(
  context: CommandContext,
  options: Options,
  installation: Installation,
): Promise<void> {
  const { terminal, signal } = context;
  const dataDir = dataFolder(context, options);
  const work = { installation, dataDir, environment: context.env, signal };
  if ((await runningServer(dataDir)) !== undefined) {
    await using opened = await openCluster(work);
    note(terminal, `Cluster: ${opened.description}`);
    const { plan, detected } = await prepareOnCluster(opened, work);
    print(terminal, planText(plan, detected));
    return;
  }
  if ((await savedInstallation(dataDir)) !== undefined) {
    const message = `The platform in "${dataDir}" does not run, so what it has cannot be seen`;
    throw new EpinioError('PLATFORM_NOT_RUNNING', message, { fix: 'epinio start' });
  }
  note(terminal, `Cluster: embedded, to be made in ${dataDir}`);
  const log = await createLog({ level: 'silent' });
  await using platform = await composePlatform({ ...work, log, keepsFiles: false });
  const components = installComponents(platform, installation);
  print(terminal, planText(planInstall({ components, observed: new Map() })));
}
