import { token } from '../kernel/token.ts';

/**
 * The folder of an embedded platform. Each plugin keeps its files below `path(<plugin id>)`, created with
 * mode 0700 on first use; where there is none (a plugin on a real cluster without a volume), using it fails
 * with `DATA_DIRECTORY_NONE`.
 */
export interface DataDirectory {
  /** The absolute folder of one owner, made if it is not there. */
  path(owner: string): string;
}

export const dataDirectory = token<DataDirectory>('port:data-directory');
