import type { Writable } from 'node:stream';
import type { Logger } from 'pino';
import type { Log, LogFields } from '../ports/log.ts';
import { Redactor } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface CreateLogOptions {
  /** Less important lines are dropped; default "info". */
  readonly level?: string;
  /** A stream, or a file descriptor that is written to at once, so that a crash loses nothing; default 2. */
  readonly destination?: Writable | number;
  /** Values that are hidden wherever they appear; more by `hide`. */
  readonly secrets?: readonly string[];
}

/** A log that can be told of secrets as they become known. */
export interface SecretiveLog extends Log {
  /** Hides the value from now on, in this log and all its children. Values shorter than 6 characters are not. */
  hide(secret: string): void;
}

/**
 * `Log` as lines of JSON: `level`, `time` (RFC 3339), `msg`, and the fields, bounded in size. Values under keys
 * that name secrets, passwords in URLs, bearer tokens and the data of Secrets never get there.
 */
export async function createLog(options: CreateLogOptions = {}): Promise<SecretiveLog> {
  const { level = 'info', destination = 2, secrets = [] } = options;
  const { pino } = await import('pino');
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  const target =
    typeof destination === 'number' ? pino.destination({ fd: destination, sync: true }) : destination;
  if (typeof destination === 'number') {
    // Who read the log has gone (a closed pipe): there is nowhere left to say so, and no reason to die.
    target.on('error', () => undefined);
  }
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Values are made safe before they get here; an error must not be spelt out anew.
      serializers: { err: (value: unknown) => value },
    },
    target,
  );
  return new PinoLog(logger, redactor);
}

class PinoLog implements SecretiveLog {
  readonly #logger: Logger;
  readonly #redactor: Redactor;

  constructor(logger: Logger, redactor: Redactor) {
    this.#logger = logger;
    this.#redactor = redactor;
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

  child(fields: LogFields): Log {
    return new PinoLog(this.#logger.child(this.#redactor.fields(fields)), this.#redactor);
  }

  hide(secret: string): void {
    this.#redactor.add(secret);
  }

  #write(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: LogFields = {}): void {
    // Redaction costs more than the line itself: not for lines that nobody will see.
    if (!this.#logger.isLevelEnabled(level)) return;
    this.#logger[level](this.#redactor.fields(fields), this.#redactor.text(message));
  }
}
