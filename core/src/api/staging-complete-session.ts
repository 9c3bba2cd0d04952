import type { StagingStatus } from '../contracts/builder.ts';
import { messageOf } from '../kernel/errors.ts';
import type { StageCompleteEvent } from '../models/deployment.ts';
import type { Clock } from '../ports/clock.ts';
import type { SocketSession } from './context.ts';
import { sendText } from './socket-lines.ts';

const HEARTBEAT_MS = 10_000;
const WAITING = 'waiting for staging job to finish';

/** The published protocol: `waiting` at once and every ten seconds, then the outcome. */
export function stagingCompleteSession(
  run: { readonly namespace: string; readonly stageId: string },
  wait: (signal: AbortSignal) => Promise<StagingStatus>,
  clock: Clock,
): SocketSession {
  return async (socket, signal) => {
    const send = async (
      event: Pick<StageCompleteEvent, 'status' | 'message' | 'completed'>,
    ): Promise<void> => {
      await sendText(socket, JSON.stringify({ stage_id: run.stageId, namespace: run.namespace, ...event }));
    };
    const waiting = { status: 'waiting', message: WAITING, completed: false } as const;
    await send(waiting);
    const over = new AbortController();
    const beat = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(HEARTBEAT_MS, over.signal);
        await send(waiting);
      }
    };
    const beating = beat().catch(() => undefined); // ends with the session, or with the client
    try {
      const { phase } = await wait(signal);
      await send(
        phase === 'succeeded'
          ? { status: 'succeeded', completed: true }
          : { status: 'failed', message: `stage-id = ${run.stageId} failed to complete`, completed: true },
      );
    } catch (error) {
      if (signal.aborted) return;
      await send({ status: 'error', message: messageOf(error), completed: true });
    } finally {
      over.abort();
      await beating;
    }
  };
}
