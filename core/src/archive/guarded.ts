import type { Readable } from 'node:stream';

/**
 * Runs an extraction so that, however it ends, `content` is closed. When the signal is aborted it fails with
 * the signal's reason.
 */
export async function guarded(
  content: Readable,
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
