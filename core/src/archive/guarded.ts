import type { Readable } from 'node:stream';
import type { Destination } from './destination.ts';

/**
 * Runs an extraction so that, however it ends, `content` is closed and nothing is written afterwards. When the
 * signal is aborted it fails with the signal's reason.
 */
export async function guarded(
  content: Readable,
  destination: Destination,
  signal: AbortSignal | undefined,
  run: () => Promise<void>,
): Promise<void> {
  const abort = (): void => void content.destroy(new Error('aborted'));
  signal?.throwIfAborted();
  signal?.addEventListener('abort', abort, { once: true });
  content.on('error', ignore); // it shows where the stream is read; here it must not end the process
  try {
    await run();
  } catch (error) {
    await destination.abandon();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    content.destroy();
  }
}

function ignore(): void {
  return;
}
