import type { Writable } from 'node:stream';
import type { LogFrame } from '../client/models.ts';
import { paint, type Style, type Terminal } from './terminal.ts';

const PALETTE: readonly Style[] = ['cyan', 'magenta', 'blue', 'green', 'yellow'];

/** Prints `[pod] container text`, a colour a pod. */
export function logPrinter(terminal: Terminal, stream: Writable): (line: LogFrame) => void {
  const styles = new Map<string, Style>();
  return ({ PodName, ContainerName, Message }) => {
    const style = styles.get(PodName) ?? PALETTE[styles.size % PALETTE.length] ?? 'cyan';
    styles.set(PodName, style);
    stream.write(`${paint(terminal, style, `[${PodName}] ${ContainerName}`)} ${Message}\n`);
  };
}
