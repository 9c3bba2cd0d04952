import { EpinioError } from '../kernel/errors.ts';
import { portHolder } from './port-holder.ts';

/**
 * The error for a port that another program listens on, naming that program where the system tells.
 * @param what that wanted the port, as a person knows it: "the Kubernetes API".
 */
export async function portInUse(port: number, what: string, cause?: unknown): Promise<EpinioError> {
  const holder = await portHolder(port);
  const by = holder === undefined ? 'another program' : `"${holder.program}" (process ${holder.pid})`;
  return new EpinioError('PORT_IN_USE', `Port ${port}, wanted for ${what}, is used by ${by}`, {
    fix: `Stop ${holder === undefined ? 'that program' : `process ${holder.pid}`}, or set another port in the config file`,
    cause,
  });
}
