import { messageOf } from '@epinio/core';
import type { Session } from '../client/session.ts';
import { note, warn, type Terminal } from '../terminal/terminal.ts';

export interface CreatedApp {
  readonly session: Session;
  readonly namespace: string;
  readonly name: string;
  readonly terminal: Terminal;
}

/**
 * Removes the application that a failed push has created, so that nothing half-made is left: nobody wants a name
 * without sources. One to which something has been added meanwhile stays. Says what was done; never fails.
 */
export async function takeBack({ session, namespace, name, terminal }: CreatedApp): Promise<void> {
  try {
    const { deployment, stage_id: stageId, status } = await session.api.app(namespace, name);
    if (deployment !== undefined || (stageId ?? '') !== '' || status !== 'created') return;
    await session.api.deleteApps(namespace, [name], false);
    note(terminal, `Removed the application resource again`);
  } catch (error) {
    warn(terminal, `"${name}" was created and stays without sources: ${messageOf(error)}`);
    warn(terminal, `Push it again, or: epinio app delete ${name}`);
  }
}
