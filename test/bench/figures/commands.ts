import { resolve } from 'node:path';
import { emptyProcess, median, processMs, type Bench } from '../bench-run.ts';
import type { Figure, FigureGroup } from '../figure.ts';

const command = resolve(import.meta.dirname, '../../../cli/bin/epinio.js');

/** How long short commands take, which is felt at every one of them. */
export const commands: FigureGroup = {
  figures: {
    version: 'epinio version, from its start to its end',
    'app-list': 'epinio app list on a platform with one application',
  },
  async *measure(bench) {
    if (bench.wants('version')) yield await measure(bench, 'version', ['version'], {}, 1.2);
    if (bench.wants('app-list')) {
      const { user } = await bench.platform();
      yield await measure(bench, 'app-list', ['app', 'list'], user.env, 2.5);
    }
  },
};

async function measure(
  { runs }: Bench,
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  times: number,
): Promise<Figure> {
  const command_: number[] = [];
  const empty: number[] = [];
  // Turn by turn, so that whatever else the machine does falls on both; the first turn warms the file cache.
  for (let run = -1; run < runs; run += 1) {
    const emptyMs = await processMs(emptyProcess.args, env);
    const commandMs = await processMs([command, ...args], env);
    if (run < 0) continue;
    empty.push(emptyMs);
    command_.push(commandMs);
  }
  return {
    name,
    unit: 'ms',
    measured: median(command_),
    runs,
    baseline: { what: emptyProcess.what, value: median(empty) },
    goal: { kind: 'at most times', value: times },
  };
}
