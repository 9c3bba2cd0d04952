import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { webApp } from '../../support/apps.ts';
import { User } from '../../support/user.ts';
import { elapsedMs, emptyProcess, median, processMs, type Bench } from '../bench-run.ts';
import type { Figure, FigureGroup } from '../figure.ts';
import { residentMemory } from '../memory.ts';

const PLATFORMS = 3;
const IDLE_MS = 5_000;

const goals = { install: 2_000, memory: 200, 'first-push': 3_000, 'unchanged-push': 1_000 } as const;
type Name = keyof typeof goals;

/** The life of a platform from nothing: how fast it is there, how big it is, how fast it takes the first push. */
export const platform: FigureGroup = {
  figures: {
    install: 'epinio install on the embedded profile, from nothing to ready',
    memory: 'resident memory of the server, ready and idle for 5 s',
    'first-push': 'the first push to a new platform: a Node.js application without dependencies',
    'unchanged-push': 'the same push again',
  },
  async *measure(bench) {
    const names = (Object.keys(goals) as Name[]).filter((name) => bench.wants(name));
    if (names.length === 0) return;
    const values = new Map<Name, number[]>(names.map((name) => [name, []]));
    const emptyMs: number[] = [];
    for (let run = 0; run < PLATFORMS; run += 1) {
      emptyMs.push(await processMs(emptyProcess.args, {}));
      await live(bench, (name, value) => values.get(name)?.push(value));
    }
    const emptyMb = bench.wants('memory') ? await emptyMemoryMb() : 0;
    for (const [name, measured] of values) {
      yield figure(name, measured, name === 'memory' ? emptyMb : median(emptyMs));
    }
  },
};

async function live(bench: Bench, tell: (name: Name, value: number) => void): Promise<void> {
  await using user = new User();
  tell('install', await elapsedMs(() => user.install()));
  if (bench.wants('memory')) {
    await pause(IDLE_MS);
    tell('memory', (await residentMemory(await user.serverPid()))?.nowMb ?? NaN);
  }
  if (!bench.wants('first-push') && !bench.wants('unchanged-push')) return;
  const folder = await user.files('app', webApp('hello'));
  const push = (): Promise<number> =>
    elapsedMs(() => user.epinio('push', '--name', 'bench', '--path', folder));
  tell('first-push', await push());
  if (bench.wants('unchanged-push')) tell('unchanged-push', await push());
}

function figure(name: Name, values: readonly number[], empty: number): Figure {
  const isMemory = name === 'memory';
  return {
    name,
    unit: isMemory ? 'MB' : 'ms',
    measured: median(values),
    runs: values.length,
    baseline: { what: isMemory ? 'idle node process' : emptyProcess.what, value: empty },
    goal: { kind: 'below', value: goals[name] },
  };
}

async function emptyMemoryMb(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  try {
    await pause(500);
    return (await residentMemory(child.pid ?? 0))?.nowMb ?? NaN;
  } finally {
    child.stdin.end();
  }
}
