const BRAND = Symbol.for('epinio:error');

/** Who has to act: the person who asked, or the one who runs the system. Decides exit code and HTTP status class. */
export type Fault = 'user' | 'system';

export interface ErrorOptions {
  /** One imperative sentence, or a command to type, that mends it. */
  readonly fix?: string;
  /** Further lines of fact: the last log lines, the list of invalid keys. */
  readonly details?: readonly string[];
  /** HTTP status for the API; otherwise derived from `fault`: 400 for user, 500 for system. */
  readonly status?: number;
  readonly fault?: Fault;
  readonly cause?: unknown;
}

/**
 * Every error a person may see: what happened to what (`message`), how to mend it (`fix`), and a stable
 * `code` of the form AREA_FACT that programs can test.
 */
export class EpinioError extends Error {
  readonly code: string;
  readonly fix: string | undefined;
  readonly details: readonly string[];
  readonly fault: Fault;
  readonly status: number;

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EpinioError';
    this.code = code;
    this.fix = options.fix;
    this.details = options.details ?? [];
    this.fault = options.fault ?? ((options.status ?? 400) >= 500 ? 'system' : 'user');
    this.status = options.status ?? (this.fault === 'user' ? 400 : 500);
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** True for errors of any copy of core: tested by brand, never by class. */
export function isEpinioError(error: unknown): error is EpinioError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** True when `error` is an EpinioError with this code. */
export function hasCode(error: unknown, code: string): boolean {
  return isEpinioError(error) && error.code === code;
}
