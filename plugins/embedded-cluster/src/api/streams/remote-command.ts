import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WebSocket } from 'ws';
import { messageOf } from '@epinio/core';
import { internalError, type Status, type StatusError } from '../../status.ts';
import type { RemoteProcess, StreamSelection } from '../node-access.ts';
import { Channels } from './channels.ts';
import { terminalSizes } from './terminal-sizes.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const RESIZE = 4;
const NORMAL = 1000;

/** A version of the protocol of `exec` and `attach`. */
export interface CommandProtocol {
  readonly name: string;
  readonly isBase64: boolean;
  /** The client can close stdin alone. */
  readonly hasClose: boolean;
  /** The outcome is a Status; older clients get the message of a failure, and nothing after a success. */
  readonly hasStatus: boolean;
}

const V5: CommandProtocol = { name: 'v5.channel.k8s.io', isBase64: false, hasClose: true, hasStatus: true };
const OLDER: readonly CommandProtocol[] = [
  { name: 'v4.channel.k8s.io', isBase64: false, hasClose: false, hasStatus: true },
  { name: 'v4.base64.channel.k8s.io', isBase64: true, hasClose: false, hasStatus: true },
  { name: 'channel.k8s.io', isBase64: false, hasClose: false, hasStatus: false },
  { name: 'base64.channel.k8s.io', isBase64: true, hasClose: false, hasStatus: false },
];
const UNNAMED: CommandProtocol = { name: '', isBase64: false, hasClose: false, hasStatus: false };

/** The newest protocol when the client offers it, else the first that it offers and we speak. */
export function chooseProtocol(offered: readonly string[]): CommandProtocol | undefined {
  if (offered.length === 0) return UNNAMED;
  if (offered.includes(V5.name)) return V5;
  return offered.flatMap((name) => OLDER.find((protocol) => protocol.name === name) ?? [])[0];
}

/**
 * Lets a client speak with a process until it has ended and all of its output is sent, then tells how it ended. A
 * client that goes away releases the process.
 * @param open starts the process, or joins it; its failure becomes the outcome
 * @param describeExit the message of a failure with an exit code
 */
export async function serveRemoteCommand(
  socket: WebSocket,
  protocol: CommandProtocol,
  wanted: StreamSelection,
  open: () => Promise<RemoteProcess>,
  describeExit: (exitCode: number) => string,
): Promise<void> {
  const channels = new Channels(socket, protocol);
  // Clients take the first message for the sign that they are connected.
  const first = wanted.stdout ? STDOUT : wanted.stderr ? STDERR : STATUS;
  const input = wanted.stdin ? channels.readable(STDIN) : undefined;
  const sizes = wanted.tty ? channels.readable(RESIZE) : undefined;
  const gone = new Promise<'gone'>((resolve) => void socket.once('close', () => resolve('gone')));
  channels.start();
  await channels.send(first, Buffer.alloc(0));

  let process: RemoteProcess;
  try {
    process = await open();
  } catch (error) {
    await tell(channels, protocol, failure(error));
    socket.close(NORMAL);
    return;
  }
  const follow = (source: Readable | undefined, channel: number): Promise<void> =>
    source === undefined ? Promise.resolve() : pipeline(source, channels.writable(channel));
  if (sizes !== undefined) void terminalSizes(sizes, (size) => process.resize(size));
  if (input !== undefined) feed(input, process.stdin);
  const output = Promise.all([follow(process.stdout, STDOUT), follow(process.stderr, STDERR)]);
  output.catch(() => undefined); // the client has gone, which is seen below
  try {
    const exitCode = await Promise.race([gone, output.then(() => process.exited)]);
    if (exitCode === 'gone') return;
    await tell(channels, protocol, outcome(exitCode, describeExit));
    socket.close(NORMAL);
  } catch (error) {
    if (socket.readyState === socket.OPEN) throw error;
  } finally {
    process.release();
  }
}

/** A command need not read its input, and may close it. */
function feed(input: Readable, stdin: Writable | undefined): void {
  if (stdin === undefined) input.resume();
  else pipeline(input, stdin).catch(() => input.resume());
}

function outcome(exitCode: number, describeExit: (exitCode: number) => string): Status {
  const base = { kind: 'Status', apiVersion: 'v1', metadata: {} } as const;
  if (exitCode === 0) return { ...base, status: 'Success' };
  return {
    ...base,
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${describeExit(exitCode)}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function failure(error: unknown): Status {
  return isStatusError(error) ? error.body : internalError(messageOf(error)).body;
}

function isStatusError(error: unknown): error is StatusError {
  return error instanceof Error && error.name === 'StatusError';
}

async function tell(channels: Channels, { hasStatus }: CommandProtocol, status: Status): Promise<void> {
  if (!hasStatus && status.status === 'Success') return;
  await channels.send(STATUS, Buffer.from(hasStatus ? JSON.stringify(status) : (status.message ?? '')));
}
