import { EpinioError, messageOf, type RegistryAuths } from '@epinio/core';

const DEADLINE_MS = 60_000;

/** Asks the registry's server to remove a repository with all that it has. Succeeds when it is already gone. */
export async function removeRepository(
  host: string,
  name: string,
  auths: RegistryAuths,
  signal?: AbortSignal,
): Promise<void> {
  const { username = '', password = '' } = auths[host] ?? {};
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  let answer: Response;
  try {
    answer = await fetch(`http://${host}/v2/_epinio/repositories/${name}`, {
      method: 'DELETE',
      headers: { authorization },
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
    await answer.arrayBuffer();
  } catch (error) {
    signal?.throwIfAborted();
    throw new EpinioError(
      'REGISTRY_UNREACHABLE',
      `Registry "${host}" could not be reached to remove "${name}": ${messageOf(error)}`,
      {
        fix: 'Start the platform: epinio start',
        fault: 'system',
        status: 502,
        cause: error,
      },
    );
  }
  if (answer.status !== 202) {
    throw new EpinioError(
      'REGISTRY_REFUSED',
      `Registry "${host}" could not remove "${name}": it answered ${answer.status}`,
      {
        fix: 'Look into the log of the Epinio server',
        fault: 'system',
        status: 502,
      },
    );
  }
}
