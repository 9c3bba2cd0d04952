/** What is wrong with a text that is no JSON, in the words of the API server's decoder. */
export function jsonSyntaxError(text: string): string {
  return new Checker(text).check();
}

class Wrong extends Error {}

/** Walks a text up to the first thing that is wrong. */
class Checker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  check(): string {
    try {
      this.#value();
      this.#space();
      if (this.#at < this.#text.length) this.#refuse('after top-level value');
    } catch (error) {
      if (error instanceof Wrong) return error.message;
      if (error instanceof RangeError) return 'exceeded max depth';
      throw error;
    }
    return 'invalid JSON'; // JSON.parse knows something that this does not
  }

  #value(): void {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{') this.#object();
    else if (first === '[') this.#list();
    else if (first === '"') this.#string();
    else if (first === '-' || (first !== undefined && isDigit(first))) this.#number();
    else if (first === 't') this.#literal('true');
    else if (first === 'f') this.#literal('false');
    else if (first === 'n') this.#literal('null');
    else this.#refuse('looking for beginning of value');
  }

  #object(): void {
    this.#at++;
    this.#space();
    if (this.#take('}')) return;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#refuse('looking for beginning of object key string');
      this.#string();
      this.#space();
      if (!this.#take(':')) this.#refuse('after object key');
      this.#value();
      this.#space();
      if (this.#take('}')) return;
      if (!this.#take(',')) this.#refuse('after object key:value pair');
    }
  }

  #list(): void {
    this.#at++;
    this.#space();
    if (this.#take(']')) return;
    for (;;) {
      this.#value();
      this.#space();
      if (this.#take(']')) return;
      if (!this.#take(',')) this.#refuse('after array element');
    }
  }

  #string(): void {
    this.#at++;
    while (!this.#take('"')) {
      if (this.#take('\\')) {
        if (this.#take('u')) {
          for (let digit = 0; digit < 4; digit++)
            if (!this.#takeIf(/[0-9a-fA-F]/)) this.#refuse('in \\u hexadecimal character escape');
        } else if (!this.#takeIf(/["\\/bfnrt]/)) this.#refuse('in string escape code');
      } else if ((this.#text[this.#at] ?? '') < ' ') this.#refuse('in string literal');
      else this.#at++;
    }
  }

  #number(): void {
    this.#take('-');
    if (!this.#take('0') && !this.#digits()) this.#refuse('in numeric literal');
    if (this.#take('.') && !this.#digits()) this.#refuse('after decimal point in numeric literal');
    if (this.#takeIf(/[eE]/)) {
      this.#takeIf(/[+-]/);
      if (!this.#digits()) this.#refuse('in exponent of numeric literal');
    }
  }

  #literal(word: string): void {
    for (const letter of word) {
      if (!this.#take(letter)) this.#refuse(`in literal ${word} (expecting '${letter}')`);
    }
  }

  #digits(): boolean {
    const from = this.#at;
    while (this.#takeIf(/\d/));
    return this.#at > from;
  }

  #space(): void {
    while (this.#takeIf(/[ \t\r\n]/));
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #takeIf(pattern: RegExp): boolean {
    const character = this.#text[this.#at];
    if (character === undefined || !pattern.test(character)) return false;
    this.#at++;
    return true;
  }

  #refuse(where: string): never {
    const character = this.#text[this.#at];
    if (character === undefined) throw new Wrong('unexpected end of JSON input');
    throw new Wrong(`invalid character ${quoted(character)} ${where}`);
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function quoted(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1).replace('\\u00', '\\x')}'`;
}
