import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import type { ClientCluster } from './client-cluster.ts';
import { generalized, isExpected } from './expected-output.ts';
import { needClient, type Client } from './need-client.ts';
import { type, type Shown, type TerminalOptions } from './terminal.ts';
import { parseTranscript, type Step } from './transcript.ts';

const REPEAT_MS = 30_000;
const PAUSE_MS = 100;

/** Writes into the documents what was shown where something else was expected. Read the difference before you keep it. */
const records = process.env['EPINIO_RECORD'] === '1';

/**
 * Plays each document of a folder as a test, each with a namespace and a working folder of its own that has the
 * folder's other files. `EPINIO_TRANSCRIPT=apply` plays that one only.
 */
export function testTranscripts(
  folder: string,
  clients: readonly Client[],
  cluster: () => ClientCluster,
): void {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => basename(name, '.md'));
  assert.ok(names.length > 0, `there are no transcripts in ${folder}`);
  const wanted = process.env['EPINIO_TRANSCRIPT'];
  for (const name of names.sort()) {
    if (wanted !== undefined && name !== wanted) continue;
    it(name, async (t) => {
      if (clients.every((client) => needClient(t, client)))
        await playTranscript(t, join(folder, `${name}.md`), cluster());
    });
  }
}

async function playTranscript(t: TestContext, file: string, cluster: ClientCluster): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'epinio-terminal-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(dirname(file), folder, { recursive: true });
  const terminal = { folder, env: await cluster.enter(basename(file, '.md'), folder) };
  const text = readFileSync(file, 'utf8');
  const shown = new Map<Step, Shown>();
  for (const part of parseTranscript(file, text).parts) {
    if ('content' in part) {
      mkdirSync(dirname(join(folder, part.name)), { recursive: true });
      writeFileSync(join(folder, part.name), part.content);
      continue;
    }
    const result = await play(part, terminal);
    if (isAsExpected(part, result)) continue;
    if (!records) fail(part, result);
    shown.set(part, result);
  }
  if (shown.size > 0) writeFileSync(file, recorded(text, shown));
}

async function play(step: Step, terminal: TerminalOptions): Promise<Shown> {
  const end = Date.now() + REPEAT_MS;
  for (;;) {
    const shown = await type(step.command, terminal);
    if (!step.isRepeated || isAsExpected(step, shown) || Date.now() > end || records) return shown;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function isAsExpected(step: Step, { exitCode, output }: Shown): boolean {
  return exitCode === step.exitCode && isExpected(step.expected, output);
}

/** Fails with a difference in which the lines that are as expected are equal. */
function fail({ command, expected, exitCode, place }: Step, shown: Shown): never {
  const lines = shown.output.split('\n').map((line) => line.trimEnd());
  const actual = lines.map((line) => expected.find((each) => isExpected([each], line)) ?? line);
  const text = (parts: readonly string[], code: number): string =>
    `$ ${command}\n${parts.join('\n').trim()}\n[exit ${code}]`;
  assert.equal(text(actual, shown.exitCode), text(expected, exitCode), `${place} shows something else`);
  assert.fail(`${place} shows its lines in another order or number`);
}

function recorded(text: string, shown: ReadonlyMap<Step, Shown>): string {
  const lines = text.split('\n');
  for (const [{ expected, outputLines }, { output, exitCode }] of [...shown].reverse()) {
    const [from, to] = outputLines;
    const code = exitCode === 0 ? [] : [`[exit ${exitCode}]`];
    // What its author wrote stays where it says as much.
    const known = expected.filter((line) => line !== '...');
    const now = generalized(output).map((line) => known.find((each) => isExpected([each], line)) ?? line);
    lines.splice(from, to - from, ...now, ...code);
  }
  return lines.join('\n');
}
