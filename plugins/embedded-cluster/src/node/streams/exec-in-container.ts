import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { EpinioError } from '@epinio/core';
import type { RemoteProcess, StreamSelection } from '../../api/node-access.ts';
import type { StartedContainer } from '../container/start-container.ts';
import type { PodHandle } from '../pod/pod-handle.ts';
import { onlyDescriptors } from '../process/descriptors.ts';
import { signalProcess } from '../process/process-identity.ts';
import { processTree } from '../process/process-table.ts';
import type { Launch } from '../sandbox/isolation.ts';
import { untilSandbox } from '../container/until-sandbox.ts';
import { cgroupProcs } from '../limits/resource-limiter.ts';
import { openPipes, type OpenStreams } from './pipes.ts';
import { openTerminal } from './terminal.ts';

/** A shell that joins a control group before it becomes the command. */
const JOIN_GROUPS = `echo "$$" >"$0" && echo "$$" >"$1" && shift && exec "$@"`;

/**
 * Runs a command in a container that runs: in its sandbox, with its user, environment and limits. Fails with
 * `TERMINAL_UNAVAILABLE`, or as the start of a process does.
 */
export async function execInContainer(
  handle: PodHandle,
  started: StartedContainer,
  command: readonly string[],
  wanted: StreamSelection,
): Promise<RemoteProcess> {
  const { isolation, clock } = handle.node;
  const { run, spec, record } = started;
  await untilSandbox(isolation, run, clock);
  const { env } = spec;
  const container = wanted.tty ? { ...spec, env: { TERM: 'xterm', ...env } } : spec;
  const launch = isolation.exec(run, container, command, wanted.tty);
  const streams = wanted.tty
    ? await openTerminal(wanted, spec.uid)
    : await openPipes(wanted, join(handle.folder.root, 'streams'), spec.uid);
  return start(launch, streams, cgroupProcs(record.cgroups ?? {}));
}

async function start(launch: Launch, streams: OpenStreams, procs: readonly string[]): Promise<RemoteProcess> {
  const joined =
    procs.length === 0
      ? launch.command
      : ['/bin/sh', '-c', JOIN_GROUPS, ...[...procs, '/dev/null'].slice(0, 2), ...launch.command];
  const command = [...streams.prefix, ...joined];
  const child = spawn(command[0] ?? '', command.slice(1), {
    cwd: launch.cwd,
    env: launch.env,
    detached: true,
    stdio: onlyDescriptors([...streams.descriptors, 'ignore', 'pipe']),
    ...(launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.uid }),
  });
  // A command that ends without reading its environment says so by its exit code.
  (child.stdio[4] as Writable | null)?.on('error', () => undefined).end(launch.descriptor4 ?? '');
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
  } catch (error) {
    streams.destroy();
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) throw error;
    const what = `exec: ${JSON.stringify(launch.command[0])}: executable file not found in $PATH`;
    throw new EpinioError('COMMAND_NOT_FOUND', what, { cause: error });
  } finally {
    streams.handedOver();
  }
  let isOver = false;
  void exited.then(() => {
    isOver = true;
    streams.ended();
  });
  return {
    ...streams.own,
    resize: streams.resize,
    exited,
    release() {
      streams.destroy();
      if (isOver || child.pid === undefined) return;
      for (const { pid } of processTree(child.pid)) signalProcess(pid, 'SIGKILL');
      signalProcess(-child.pid, 'SIGKILL'); // where there is no table of processes
    },
  };
}
