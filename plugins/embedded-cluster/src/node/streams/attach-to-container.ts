import { PassThrough } from 'node:stream';
import type { Container } from '@epinio/core';
import type { RemoteProcess, StreamSelection } from '../../api/node-access.ts';
import type { StartedContainer } from '../container/start-container.ts';
import type { ContainerLog } from '../logs/container-log.ts';
import { followLog } from '../logs/read-log.ts';
import { closeRunInput, openRunInput } from '../supervisor/run-input.ts';
import { resizeTerminal } from './terminal.ts';

/**
 * Joins a container that runs: what it writes from now on comes as `stdout`, since it goes to its log as one, and what
 * it is told goes to its input. Ends with the container; an input that ends, ends it too, unless the container's input
 * ends with it (`stdinOnce`, without a terminal).
 */
export function attachToContainer(
  container: Container,
  { folder, run, spec }: StartedContainer,
  log: ContainerLog,
  wanted: StreamSelection,
): RemoteProcess {
  const endsWithInput = container.stdinOnce === true && container.tty !== true;
  const shown = followLog(log);
  const output = new PassThrough();
  let detach = (): void => undefined;
  const detached = new Promise<void>((resolve) => (detach = resolve));
  const stop = (): void => {
    shown.unpipe(output);
    shown.destroy();
    output.end();
    detach();
  };
  shown.once('error', stop); // the log of a container whose pod is removed
  if (wanted.stdout) shown.pipe(output);
  const input = wanted.stdin && container.stdin === true ? openRunInput(folder.run) : undefined;
  const endInput = (): void => {
    if (endsWithInput) closeRunInput(folder.run);
    else stop();
  };
  input?.once('close', endInput);
  return {
    ...(input === undefined ? {} : { stdin: input }),
    ...(wanted.stdout ? { stdout: output } : {}),
    resize(size) {
      if (spec.terminal !== undefined && run.exit === undefined) resizeTerminal(spec.terminal, size);
    },
    // How the container ended is told by its status.
    exited: Promise.race([run.exited, detached]).then(() => 0),
    release() {
      stop();
      input?.destroy();
    },
  };
}
