import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Container, ContainerState } from '@epinio/core';
import { rfc3339 } from '../../controllers/machinery/rfc3339.ts';
import { isMissingFile, readTextIfAny } from '../files.ts';
import type { AttemptFolder } from '../layout.ts';
import type { RunExit } from '../supervisor/run-files.ts';
import type { AttemptRecord } from './attempt-record.ts';

const MAX_MESSAGE = 4096;
const MAX_LOG_MESSAGE = 2048;
const MAX_LOG_LINES = 80;

export type Terminated = NonNullable<ContainerState['terminated']>;

/** The file that a container may write its last words to. */
export function terminationLog(folder: AttemptFolder): string {
  return `${folder.root}/termination-log`;
}

export interface ExitFacts {
  readonly exit: RunExit;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly record: AttemptRecord;
  readonly outOfMemory: boolean;
  readonly containerID: string;
}

/** The state of a container that has ended, in the kubelet's words. */
export function describeExit(spec: Container, folder: AttemptFolder, facts: ExitFacts): Terminated {
  const { exit, startedAt, record, outOfMemory, containerID } = facts;
  const failure = exit.exitCode === 0 || record.ended !== undefined ? undefined : startFailure(folder);
  const reason =
    (outOfMemory ? 'OOMKilled' : undefined) ??
    record.ended?.reason ??
    (failure === undefined ? undefined : 'StartError') ??
    (exit.known ? undefined : 'ContainerStatusUnknown') ??
    (exit.exitCode === 0 ? 'Completed' : 'Error');
  const message =
    failure ??
    (exit.known || outOfMemory ? record.ended?.message : 'Nobody saw how the container ended') ??
    lastWords(spec, folder, exit);
  return {
    exitCode: failure === undefined ? exit.exitCode : 128,
    reason,
    ...(message === undefined || message === '' ? {} : { message }),
    startedAt: rfc3339(startedAt),
    finishedAt: rfc3339(exit.finishedAt),
    containerID,
  };
}

/** What bubblewrap, or the supervisor's shell, says when the sandbox or the program could not be started. */
function startFailure(folder: AttemptFolder): string | undefined {
  const last = logTail(folder, 1024).trimEnd().split('\n').at(-1) ?? '';
  const shell = /supervise-\w+\.sh: (?:line )?\d+: (.*): (not found|[A-Z].*)$/.exec(last);
  if (shell !== null) {
    const [, missing = '', reason = ''] = shell;
    const text = reason === 'not found' ? 'No such file or directory' : reason;
    return `failed to start container: exec: "${missing}": ${text}`;
  }
  const failure = /^bwrap: (?:execvp (.*): )?(.*)$/.exec(last);
  if (failure === null) return undefined;
  const [, program, why = ''] = failure;
  if (program !== undefined) return `failed to start container: exec: "${program}": ${why}`;
  // With a running sandbox the line is the program's own.
  return readTextIfAny(`${folder.run}/sandbox`) === '' ? `failed to create the sandbox: ${why}` : undefined;
}

function lastWords(spec: Container, folder: AttemptFolder, { exitCode }: RunExit): string | undefined {
  const own = readPart(terminationLog(folder), MAX_MESSAGE, 'head');
  if (own !== '') return own;
  if (spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return undefined;
  return logTail(folder, MAX_LOG_MESSAGE).split('\n').slice(-MAX_LOG_LINES).join('\n');
}

function logTail(folder: AttemptFolder, bytes: number): string {
  return readPart(folder.log, bytes, 'tail');
}

/** Containers write what they like to these files: never more than `bytes` is read. */
function readPart(path: string, bytes: number, part: 'head' | 'tail'): string {
  try {
    const fd = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(bytes);
      const position = part === 'head' ? 0 : Math.max(0, fstatSync(fd).size - bytes);
      return buffer.toString('utf8', 0, readSync(fd, buffer, 0, bytes, position));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isMissingFile(error)) return '';
    throw error;
  }
}
