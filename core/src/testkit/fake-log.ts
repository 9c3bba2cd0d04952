import type { Log, LogFields } from '../ports/log.ts';

export interface LoggedEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that keeps what it is told, for tests to look at; children write to their parent's entries. */
export class FakeLog implements Log {
  readonly entries: LoggedEntry[];
  readonly #fields: LogFields;

  constructor(fields: LogFields = {}, entries: LoggedEntry[] = []) {
    this.#fields = fields;
    this.entries = entries;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  child(fields: LogFields): FakeLog {
    return new FakeLog({ ...this.#fields, ...fields }, this.entries);
  }

  #write(level: LoggedEntry['level'], message: string, fields: LogFields = {}): void {
    this.entries.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}
