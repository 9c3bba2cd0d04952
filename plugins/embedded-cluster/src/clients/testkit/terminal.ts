import { spawn } from 'node:child_process';

export interface Shown {
  readonly output: string;
  readonly exitCode: number;
}

export interface TerminalOptions {
  /** Where commands run. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

const COMMAND_TIMEOUT_MS = 60_000;
/** Now and then clients say that a watch ended which they ended themselves. */
const CHATTER = /^[IW]\d{4} \S+ +\d+ reflector\.go:.*\n/gm;

/** Runs a command as a shell does; output and error output come in the order in which they are written. */
export function type(command: string, { folder, env }: TerminalOptions): Promise<Shown> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that what it leaves in the background ends with it.
    const shell = spawn('bash', ['-c', `exec 2>&1\n${command}`], {
      ...{ cwd: folder, env, detached: true },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const endGroup = (): void => {
      try {
        process.kill(-(shell.pid ?? 0), 'SIGKILL');
      } catch {
        // Nothing of it is left.
      }
    };
    const timer = setTimeout(endGroup, COMMAND_TIMEOUT_MS);
    let output = '';
    shell.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    shell.once('error', reject);
    shell.once('exit', endGroup);
    shell.once('close', (code) => {
      clearTimeout(timer);
      resolve({ output: output.replace(CHATTER, ''), exitCode: code ?? -1 });
    });
  });
}
