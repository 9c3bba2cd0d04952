import { certs, EpinioError, ingress, readRecord, refText, uninstall, type Installation } from '@epinio/core';
import { removePlatform } from '@epinio/core/api';
import { flagOption, type CommandContext, type Options } from '../command.ts';
import { dataFolder } from '../platform/data-folder.ts';
import { openCluster } from '../platform/on-cluster.ts';
import { tellEvent } from '../terminal/install-events.ts';
import { confirmOrCancel } from '../terminal/prompt.ts';
import { done, note, print } from '../terminal/terminal.ts';

/** Removes the platform from a cluster that stays, and says what is left of it. */
export async function uninstallFromCluster(
  context: CommandContext,
  options: Options,
  installation: Installation,
): Promise<void> {
  const { terminal, signal } = context;
  const { settings } = installation.loaded;
  const { namespace } = settings;
  const dataDir = dataFolder(context, options);
  await using opened = await openCluster({ installation, dataDir, environment: context.env, signal });
  const { platform, api, description, executors } = opened;
  if ((await readRecord(api, namespace, signal)) === undefined) {
    note(terminal, `Nothing is installed on ${description} (no record in namespace "${namespace}")`);
    return;
  }
  if (!flagOption(options, 'yes')) {
    const what = `This removes Epinio with all its applications from ${description}. Are you sure?`;
    await confirmOrCancel(context, what, 'give --yes');
  }
  const served = { ingress: await platform.open(ingress), certs: await platform.open(certs), settings };
  await removePlatform(served, {
    kube: api,
    signal,
    onNamespace: (name) => note(terminal, `Removing namespace ${name}`),
  });
  const report = await uninstall({
    ...{ kube: api, namespace, executors, signal },
    onEvent: (event) => tellEvent(terminal, event),
  });
  if (report === undefined) throw new EpinioError('INSTALL_BUSY', 'Another uninstall has removed the record');
  const { removed, adopted, kept, left } = report;
  if (left.length > 0) {
    throw new EpinioError('UNINSTALL_INCOMPLETE', 'The cluster still has what was to be removed', {
      details: left.map(refText),
      fix: 'look at what holds them; remove them with kubectl or helm',
      fault: 'system',
    });
  }
  done(terminal, 'Epinio uninstalled.');
  print(terminal, `Removed: ${removed} recorded parts; the cluster has none of them.`);
  print(terminal, `Left as it was: ${adopted.length === 0 ? 'nothing was adopted' : adopted.join(', ')}.`);
  for (const { what, why } of kept) print(terminal, `Kept: ${what}: ${why}.`);
}
