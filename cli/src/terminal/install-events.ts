import { refText, type InstallEvent } from '@epinio/core';
import { done, note, warn, type Terminal } from './terminal.ts';

/** Waits that end sooner are not worth a line. */
const LONG_WAIT_MS = 3_000;

/** Tells of an install or uninstall as it goes on: each component that is ready, what failed, what stays. */
export function tellEvent(terminal: Terminal, event: InstallEvent): void {
  if (event.type === 'ready') done(terminal, event.component);
  if (event.type === 'kept') warn(terminal, `${event.component}: ${event.what} stays: ${event.why}`);
  if (event.type === 'finished' && event.step.kind === 'wait' && event.elapsedMs > LONG_WAIT_MS)
    note(terminal, `  ${event.step.probe.what} after ${Math.round(event.elapsedMs / 1000)} s`);
  if (event.type === 'failed') {
    const what = event.step.kind === 'wait' ? event.step.probe.what : refText(event.step.ref);
    warn(terminal, `${event.step.component}: ${what} failed`);
  }
}
