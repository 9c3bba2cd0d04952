import type { User } from '../auth/user.ts';

/** Who asks, how, and what the request allows. */
export interface Request {
  readonly user: User;
  /** The name under which changed fields are owned. */
  readonly fieldManager: string;
  /** What becomes of unknown fields: refused, told in a warning, or dropped in silence. */
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** What was wrong with the text that the object came in: fields that it has twice. Treated as unknown fields are. */
  readonly bodyProblems?: readonly string[];
  /** Everything happens but the write. */
  readonly dryRun: boolean;
  /** True for the cluster's own controllers and its node. */
  readonly internal: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Tells the client something without refusing its request. */
  warn(message: string): void;
}
