import { watch } from 'node:fs';

const POLL_MS = 1000;

/** Something that is called with changes until it is closed. */
export interface FileWatch {
  close(): void;
}

/**
 * Calls back when a file, or what is in a folder, may have changed. Where the system gives no more watches
 * (fs.inotify.max_user_watches), once a second.
 */
export function watchFile(path: string, onChange: () => void): FileWatch {
  const poll = (): FileWatch => {
    const timer = setInterval(onChange, POLL_MS);
    return { close: () => clearInterval(timer) };
  };
  try {
    const watcher = watch(path, onChange);
    let instead: FileWatch | undefined;
    watcher.on('error', () => (instead ??= poll()));
    return {
      close() {
        watcher.close();
        instead?.close();
      },
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EMFILE'))
      return poll();
    throw error;
  }
}
