import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { isObject } from '../../json.ts';
import type { TerminalSize } from '../node-access.ts';

const MAX = 0xffff;

/** Reads sizes, JSON objects one after the other, until the stream ends or something else comes. */
export async function terminalSizes(source: Readable, onSize: (size: TerminalSize) => void): Promise<void> {
  for await (const line of createInterface({ input: source })) {
    // Objects need not be on lines of their own.
    for (const text of line.split(/(?<=\})/).filter((part) => part.trim() !== '')) {
      const size = sizeOf(text);
      if (size === undefined) {
        source.resume();
        return;
      }
      onSize(size);
    }
  }
}

function sizeOf(text: string): TerminalSize | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return undefined;
    const { Width: columns, Height: rows } = value;
    return isLength(columns) && isLength(rows) ? { columns, rows } : undefined;
  } catch {
    return undefined; // no JSON: as a real one, we listen no longer
  }
}

function isLength(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX;
}
