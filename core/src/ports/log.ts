import { token } from '../kernel/token.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. Values under keys that name secrets (password, token, authorization, …) are redacted. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry these fields. */
  child(fields: LogFields): Log;
}

export const log = token<Log>('port:log');
