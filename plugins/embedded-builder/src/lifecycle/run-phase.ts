import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';

/** The flags of a phase: `--name value`. Every path comes from here, since images and volumes move. */
export interface Flags {
  /** Fails when it is missing. */
  required(name: string): string;
  optional(name: string): string | undefined;
}

/** Runs one phase as a program: flags from the command line, log to stdout, and the exit code of what went wrong. */
export async function runPhase(phase: (flags: Flags, output: Output) => Promise<void>): Promise<void> {
  const output = createOutput((text) => process.stdout.write(text));
  try {
    await phase(readFlags(process.argv.slice(2)), output);
  } catch (error) {
    process.exitCode = report(error, output);
  }
}

function readFlags(args: readonly string[]): Flags {
  const values = new Map<string, string>();
  for (let index = 0; index < args.length; index += 2) {
    const [name = '', value] = args.slice(index, index + 2);
    if (!name.startsWith('--') || value === undefined) {
      throw new LifecycleError(EXIT.failed, `Argument "${name}" is no flag with a value`);
    }
    values.set(name.slice(2), value);
  }
  return {
    optional: (name) => values.get(name),
    required(name) {
      const value = values.get(name);
      if (value === undefined) throw new LifecycleError(EXIT.failed, `Flag --${name} is missing`);
      return value;
    },
  };
}

/** What errors of the lifecycle and of core's libraries have; all others are faults of the program. */
interface KnownError {
  readonly details?: readonly string[];
  readonly fix?: string;
  readonly exitCode?: number;
  readonly code?: string;
}

/** Prints what went wrong, the sentence last. @returns the exit code. */
function report(error: unknown, output: Output): number {
  const known: KnownError & Partial<Error> = error instanceof Error ? error : { message: String(error) };
  const { details = [], fix, exitCode, code, message = '', stack = '' } = known;
  for (const detail of details) output.line(detail);
  if (exitCode === undefined && code === undefined) for (const line of stack.split('\n')) output.line(line);
  output.error(fix === undefined ? message : `${message}: ${fix}`);
  return exitCode ?? EXIT.failed;
}
