// The embedded cluster in a process of its own, which tests kill, starve and show wrong times:
//   serve-cluster <folder> <port> [api|pods]
// "api" leaves controllers and node out, "pods" runs pods instead of only marking them ready. Says "ready <port>" on stdout when it serves. A message {jumpMs} moves the
// time that this process sees, as a correction of the machine's clock does: timers are not moved. Every message is
// answered with the memory that is in use once the garbage is collected.
import { createClock } from '@epinio/core/adapters';
import type { Log } from '@epinio/core';
import { startApi } from '../../../plugins/embedded-cluster/src/api/start-api.ts';
import { config } from '../../../plugins/embedded-cluster/src/config.ts';
import { runCluster } from '../../../plugins/embedded-cluster/src/run-cluster.ts';
import { jumpingDate } from './jumping-date.ts';

const [directory = '', portText = '0', parts] = process.argv.slice(2);
const port = Number(portText);
const jump = jumpingDate(Number(process.env['CLOCK_OFFSET_MS'] ?? 0));
const history = Number(process.env['HISTORY'] ?? 4096);
process.on('message', ({ jumpMs = 0 }: { jumpMs?: number }) => {
  jump(jumpMs);
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heapMb: (heapUsed + external) / 1e6, residentMb: rss / 1e6 });
});
process.on('SIGXFSZ', () => undefined); // a file that may not grow further then fails, as on a full disk

const tell = (message: string, fields: unknown): void => {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
};
const log: Log = { debug: () => undefined, info: () => undefined, warn: tell, error: tell, child: () => log };
const ready = (at: number): void => void process.stdout.write(`ready ${at}\n`);

if (parts === 'api') {
  const api = await startApi({ directory, port, history, log });
  api.setReady();
  ready(api.port);
} else {
  await runCluster({
    directory,
    port,
    config: config.parse({ history, node: { simulated: parts !== 'pods' } }),
    log,
    clock: createClock(),
    host: { signal: new AbortController().signal, ready: () => ready(port) },
  });
}
