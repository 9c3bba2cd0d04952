/** Exit codes of the Platform Interface Specification, and of our own unpacking. */
export const EXIT = {
  failed: 1,
  buildpackApi: 12,
  nothingDetected: 20,
  detectErrored: 21,
  detect: 22,
  unpack: 30,
  restore: 42,
  buildpackFailed: 51,
  build: 52,
  export: 62,
} as const;

/** Ends a phase: `message` is the one sentence that the log closes with, `details` are the lines before it. */
export class LifecycleError extends Error {
  readonly exitCode: number;
  readonly details: readonly string[];

  constructor(
    exitCode: number,
    message: string,
    options: { readonly details?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LifecycleError';
    this.exitCode = exitCode;
    this.details = options.details ?? [];
  }
}
