import { StringDecoder } from 'node:string_decoder';

/** Kept unless told otherwise. */
const MAX_CHARACTERS = 1024 * 1024;
/** A line that does not end is handed on in pieces of this size. */
const MAX_LINE = 64 * 1024;

/** The newest part of a program's output, and each of its lines as it comes. */
export class OutputTail {
  readonly #onLine: (line: string) => void;
  readonly #max: number;
  readonly #decoder = new StringDecoder('utf8');
  #pieces: string[] = [];
  #size = 0;
  #line = '';

  constructor(onLine: (line: string) => void, maxCharacters = MAX_CHARACTERS) {
    this.#onLine = onLine;
    this.#max = maxCharacters;
  }

  /** At most the last so many characters. */
  get text(): string {
    return this.#pieces.join('').slice(-this.#max);
  }

  write(chunk: Buffer): void {
    this.#add(this.#decoder.write(chunk));
  }

  /** Hands on a last line without a newline. */
  end(): void {
    this.#add(this.#decoder.end());
    if (this.#line !== '') this.#onLine(this.#line);
    this.#line = '';
  }

  #add(text: string): void {
    if (text === '') return;
    this.#pieces.push(text);
    this.#size += text.length;
    // Dropped by halves, so that joining costs no more than once per half.
    if (this.#size > 2 * this.#max) {
      this.#pieces = [this.text];
      this.#size = this.#max;
    }
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (this.#line.length >= MAX_LINE) {
      this.#onLine(this.#line.slice(0, MAX_LINE));
      this.#line = this.#line.slice(MAX_LINE);
    }
  }
}
