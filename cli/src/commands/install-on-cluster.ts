import { EpinioError, planText, type Installation } from '@epinio/core';
import { flagOption, wantsJson, type CommandContext, type Options } from '../command.ts';
import { dataFolder } from '../platform/data-folder.ts';
import { prepareOnCluster, type InstalledOnCluster } from '../platform/install-on-cluster.ts';
import { openCluster } from '../platform/on-cluster.ts';
import { tellEvent } from '../terminal/install-events.ts';
import { done, note, print, printJson, warn, type Terminal } from '../terminal/terminal.ts';

/** Installs on a cluster that is there; with `--dry-run` only says what would be done. */
export async function installOnCluster(
  context: CommandContext,
  options: Options,
  installation: Installation,
): Promise<void> {
  const { terminal, signal } = context;
  const work = { installation, dataDir: dataFolder(context, options), environment: context.env, signal };
  await using opened = await openCluster(work);
  note(terminal, `Cluster: ${opened.description}`);
  const { plan, detected, findings, carryOut } = await prepareOnCluster(opened, work);
  for (const { component, message, fix } of findings)
    warn(terminal, `${component}: ${message}${fix === undefined ? '' : `\n  ${fix}`}`);
  if (flagOption(options, 'dryRun')) {
    print(terminal, planText(plan, detected));
    return;
  }
  const installed = await carryOut((event) => {
    // What an interruption breaks off has not failed.
    if (event.type !== 'failed' || !signal.aborted) tellEvent(terminal, event);
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    const message = 'Interrupted. What is installed so far is recorded; the same command goes on from there';
    throw new EpinioError('INSTALL_INTERRUPTED', message, { cause: error });
  });
  tellResult(terminal, options, installation, installed);
}

function tellResult(
  terminal: Terminal,
  options: Options,
  { loaded }: Installation,
  { address }: InstalledOnCluster,
): void {
  const { domain } = loaded.settings;
  if (wantsJson(options)) {
    printJson(terminal, { domain, address });
    return;
  }
  done(terminal, 'The components of Epinio are installed.');
  const { host, httpsPort } = address;
  const where = `${host ?? 'the address of a node'}${httpsPort === 443 ? '' : `, port ${httpsPort}`}`;
  print(terminal, `Point *.${domain} to ${where}.`);
}
