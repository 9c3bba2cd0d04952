import { basename } from 'node:path';

/** A command as it is typed, and what the terminal shows then. */
export interface Step {
  readonly command: string;
  /** Output and error output; see `expected-output.ts` for what stands for text that differs each time. */
  readonly expected: readonly string[];
  readonly exitCode: number;
  /** Repeated until it shows what is expected: for what comes about by itself. */
  readonly isRepeated: boolean;
  /** Where it stands, for messages: "apply.md:12". */
  readonly place: string;
  /** Lines of the document that have its output: from, to (exclusive). */
  readonly outputLines: readonly [number, number];
}

/** A file that the commands read. */
export interface GivenFile {
  readonly name: string;
  readonly content: string;
}

export interface Transcript {
  readonly title: string;
  readonly parts: readonly (Step | GivenFile)[];
}

const FENCE = '```';
const REPEATED = 'eventually ';

/**
 * Reads a document of sessions at a terminal. What stands in fences is played, from top to bottom:
 * - "console": "$ " begins a command, "> " continues it, what follows is its output, ending in "[exit 1]" where it
 *   fails; a command after the word "eventually" is repeated until it shows that.
 * - "yaml web.yaml": a file.
 */
export function parseTranscript(file: string, text: string): Transcript {
  const lines = text.split('\n');
  const parts: (Step | GivenFile)[] = [];
  const title = lines.find((line) => line.startsWith('# '))?.slice(2) ?? basename(file);
  for (let at = 0; at < lines.length; at++) {
    const fence = lines[at] ?? '';
    if (!fence.startsWith(FENCE)) continue;
    const end = lines.indexOf(FENCE, at + 1);
    if (end < 0) throw new Error(`${basename(file)}:${at + 1}: the fence is not closed`);
    const [language = '', name] = fence.slice(FENCE.length).split(' ');
    if (name !== undefined) parts.push({ name, content: `${lines.slice(at + 1, end).join('\n')}\n` });
    else if (language === 'console') parts.push(...readSteps(basename(file), lines, at + 1, end));
    at = end;
  }
  return { title, parts };
}

function readSteps(file: string, lines: readonly string[], from: number, to: number): Step[] {
  const steps: Step[] = [];
  for (let at = from; at < to;) {
    const place = `${file}:${at + 1}`;
    const first = lines[at] ?? '';
    if (!first.startsWith('$ ')) throw new Error(`${place}: expected a command, which begins with "$ "`);
    const command = [first.slice(2)];
    for (at++; at < to && lines[at]?.startsWith('> '); at++) command.push(lines[at]?.slice(2) ?? '');
    const start = at;
    while (at < to && !lines[at]?.startsWith('$ ')) at++;
    const shown = lines.slice(start, at);
    const code = /^\[exit (\d+)\]$/.exec(shown.at(-1) ?? '')?.[1];
    const typed = command.join('\n');
    const isRepeated = typed.startsWith(REPEATED);
    steps.push({
      ...{ place, isRepeated, outputLines: [start, at] },
      command: isRepeated ? typed.slice(REPEATED.length) : typed,
      expected: code === undefined ? shown : shown.slice(0, -1),
      exitCode: Number(code ?? 0),
    });
  }
  return steps;
}
