// The one file that reads argv, the environment, the working directory and signals, and sets the exit code.
import { writeSync } from 'node:fs';
import { version } from './version.ts';

const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === '--version' || argv[0] === 'version')) {
  const text = `Epinio Version: ${version}\n`;
  try {
    writeSync(1, text); // to open the stream takes longer than all of this
  } catch {
    process.stdout.write(text); // a pipe that is full or closed: the stream knows what to do
  }
} else {
  void run();
}

async function run(): Promise<void> {
  const { main } = await import('./main.ts');
  const interrupt = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    // A second Ctrl-C does not wait for a clean stop.
    if (interrupt.signal.aborted) process.exit(signal === 'SIGTERM' ? 143 : 130);
    interrupt.abort(new Error(signal));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // `epinio app list | head` closes the pipe early; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  process.exitCode = await main(argv, {
    // A command that reads nothing does not open it.
    get input() {
      return process.stdin;
    },
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signal: interrupt.signal,
  });
}
