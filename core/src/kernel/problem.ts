import { EpinioError } from './errors.ts';

/** One thing that is wrong with what a person wrote. Checks collect them, so that all are told at once. */
export interface Problem {
  /** AREA_FACT, as of `EpinioError`. */
  readonly code: string;
  /** Subject and fact, names in double quotes, no full stop. */
  readonly message: string;
  /** One imperative sentence, or a command to type. */
  readonly fix?: string;
  /** Where it was written, as a person would look it up: "epinio.config.yaml:4:7". */
  readonly origin?: string;
  readonly cause?: unknown;
}

/** A problem as one line: where, what, and what to do. */
export function problemLine(problem: Problem): string {
  const where = problem.origin === undefined ? '' : `${problem.origin}: `;
  const fix = problem.fix === undefined ? '' : ` (${problem.fix})`;
  return `${where}${problem.message}${fix}`;
}

/**
 * The error for a list of problems: a single one becomes the error itself, several become `code` with
 * `subject` as the message and a line for each. The list must not be empty.
 */
export function problemsError(code: string, subject: string, problems: readonly Problem[]): EpinioError {
  const [first] = problems;
  if (first === undefined) throw new RangeError('no problem to report');
  if (problems.length > 1) {
    return new EpinioError(code, `${subject} has ${problems.length} problems`, {
      details: problems.map(problemLine),
      cause: first.cause,
    });
  }
  const where = first.origin === undefined ? '' : `${first.origin}: `;
  return new EpinioError(first.code, where + first.message, {
    ...(first.fix === undefined ? {} : { fix: first.fix }),
    cause: first.cause,
  });
}
