import { token } from '../kernel/token.ts';

export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment: nothing is inherited but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Characters of stdout and of stderr that are kept, the newest; default 1 Mi. */
  readonly maxOutput?: number;
  /** Called with each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs programs: an array of arguments, never a shell. Secrets go in by `env` or `input`, never in `args`. */
export interface Commands {
  /**
   * Resolves for any exit code (128 and more for a signal, as shells have it). Fails with `COMMAND_NOT_FOUND`,
   * `COMMAND_NOT_STARTED` (no permission, no such `cwd`), `COMMAND_TIMEOUT` or `COMMAND_ABORTED`; what the
   * program started ends with it then. Captured output is bounded, the newest kept.
   */
  run(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult>;
  /** Absolute path of a program on PATH. */
  find(file: string): Promise<string | undefined>;
}

export const commands = token<Commands>('port:commands');
