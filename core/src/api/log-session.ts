import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import type { LogLine } from '../contracts/builder.ts';
import { messageOf } from '../kernel/errors.ts';
import { type LogParameters, parseLogParameters } from '../logs/log-parameters.ts';
import type { LogFrame } from '../models/deployment.ts';
import type { Log } from '../ports/log.ts';
import type { SocketSession } from './context.ts';
import { sendText } from './socket-lines.ts';

/** Opens the log; it ends when it is at its end, or when the signal is aborted. */
export type OpenLog = (parameters: LogParameters, signal: AbortSignal) => AsyncIterable<LogLine>;

const START = '___FILTER_START___';
const COMPLETE = '___FILTER_COMPLETE___';

const update = z.object({
  type: z.literal('filter_params'),
  params: z.object({
    since: z.string().default(''),
    since_time: z.string().default(''),
    tail: z.number().int().default(0),
    follow: z.boolean().default(false),
  }),
});

/**
 * The published protocol of log websockets: a frame for each line; a client that asked to follow may send other
 * parameters, upon which the log begins anew, between markers. Ends with the log, unless the client may still ask.
 */
export function logSession(initial: LogParameters, open: OpenLog, log: Log): SocketSession {
  return async (socket, signal) => {
    let run = startRun(initial, initial.follow ? undefined : 'quiet');
    const asked: LogParameters[] = [];
    let wake: () => void = () => undefined;
    const onMessage = (data: RawData): void => {
      const parameters = readUpdate(data, initial, log);
      if (parameters === undefined) return;
      asked.push(parameters);
      run.abort.abort();
      wake();
    };
    socket.on('message', onMessage);
    try {
      for (;;) {
        await run.done;
        signal.throwIfAborted();
        // A log that ended by itself is the end, but for clients that have begun to ask for parts of it.
        if (asked.length === 0 && !run.isPart) return;
        while (asked.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
          signal.throwIfAborted();
        }
        const next = asked.splice(0).at(-1) ?? initial;
        await sendFrame(socket, marker(START));
        run = startRun(next, initial.follow && !next.follow ? 'marked' : undefined);
      }
    } finally {
      socket.off('message', onMessage);
      run.abort.abort();
    }

    function startRun(parameters: LogParameters, end: 'quiet' | 'marked' | undefined) {
      const abort = new AbortController();
      const both = AbortSignal.any([signal, abort.signal]);
      const done = copy(parameters, both).then(async () => {
        if (end === 'marked' && !both.aborted) await sendFrame(socket, marker(COMPLETE));
      });
      done.catch(() => undefined); // awaited above; marked as handled in case the session ends first
      return { abort, done, isPart: end === 'marked' };
    }

    async function copy(parameters: LogParameters, both: AbortSignal): Promise<void> {
      try {
        for await (const line of open(parameters, both)) {
          if (both.aborted) return;
          if (parameters.wants(line.container)) await sendFrame(socket, frame(line));
        }
      } catch (error) {
        if (!both.aborted) throw error;
      }
    }
  };
}

function readUpdate(data: RawData, initial: LogParameters, log: Log): LogParameters | undefined {
  try {
    const { params } = update.parse(JSON.parse(textOf(data)));
    const { tail, follow, since, since_time } = params;
    const query = { tail: String(tail), since, since_time, follow: String(follow) };
    return { ...parseLogParameters(query), wants: initial.wants };
  } catch (error) {
    // As published: what cannot be read changes nothing.
    log.debug('A log parameter update was not understood', { error: messageOf(error) });
    return undefined;
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data as Buffer).toString('utf8');
}

function frame({ message, container, pod, namespace, timestamp }: LogLine): LogFrame {
  return {
    Message: message.trimEnd(),
    ContainerName: container,
    PodName: pod,
    Namespace: namespace,
    Timestamp: timestamp,
  };
}

function marker(text: string): LogFrame {
  return { Message: text, ContainerName: '', PodName: '', Namespace: '', Timestamp: '' };
}

async function sendFrame(socket: WebSocket, line: LogFrame): Promise<void> {
  await sendText(socket, JSON.stringify(line));
}
