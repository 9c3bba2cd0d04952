import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
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
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const request = httpRequest(`http://${host}/v2/_epinio/repositories/${name}`, {
    method: 'DELETE',
    auth: `${username}:${password}`,
    agent: false,
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  });
  request.end();
  const answered = (async () => {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    await once(answer.resume(), 'end');
    return answer.statusCode ?? 0;
  })();
  const status = await answered.catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new EpinioError(
      'REGISTRY_UNREACHABLE',
      `Registry "${host}" could not be reached to remove "${name}": ${messageOf(error)}`,
      { fix: 'Start the platform: epinio start', fault: 'system', status: 502, cause: error },
    );
  });
  if (status === 202) return;
  throw new EpinioError(
    'REGISTRY_REFUSED',
    `Registry "${host}" could not remove "${name}": it answered ${status}`,
    {
      fix: 'Look into the log of the Epinio server',
      fault: 'system',
      status: 502,
    },
  );
}
