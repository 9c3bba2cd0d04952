/** What a phase writes to the staging log. */
export interface Output {
  /** Begins a section: "===> Building". */
  heading(text: string): void;
  /** One line below the heading. */
  line(text: string): void;
  /** A closing line that names what failed. Programs find it by its first word. */
  error(text: string): void;
}

/** The first word of the line that says why a staging run failed. */
export const ERROR_PREFIX = 'ERROR: ';

/** Writes lines as they come. `write` is given whole lines, newline included. */
export function createOutput(write: (text: string) => void): Output {
  return {
    heading: (text) => write(`===> ${text}\n`),
    line: (text) => write(text === '' ? '\n' : `     ${text}\n`),
    error: (text) => write(`${ERROR_PREFIX}${text}\n`),
  };
}

/** "12 ms", "3.4 s", "2 min 5 s". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** "812 B", "3.2 kB", "41.0 MB": decimal units. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = count / 1000;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
