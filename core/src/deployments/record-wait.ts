import type { AppName } from '../apps/app-object.ts';
import { notFound } from '../apps/published-errors.ts';
import { EpinioError } from '../kernel/errors.ts';
import { until } from '../kube/until.ts';
import { stateSecretName } from './app-state.ts';
import type { DeploymentDeps } from './deps.ts';
import { type DeploymentRecord, isFinished } from './record.ts';

/**
 * Waits for the end of a deployment, whichever server works on it. Bounded by the signals: a deployment itself has
 * deadlines for all that it waits for. Fails as the deployment fails.
 */
export async function waitForRecord(
  { caches, states }: Pick<DeploymentDeps, 'caches' | 'states'>,
  app: AppName,
  id: string,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<DeploymentRecord> {
  const secret = stateSecretName(app.name);
  let unsubscribe: () => void = () => undefined;
  const ended = new Promise<DeploymentRecord | undefined>((resolve) => {
    const check = (): void => {
      const record = states.get(app).records.find((one) => one.id === id);
      if (record === undefined || isFinished(record)) resolve(record);
    };
    unsubscribe = caches.secrets.subscribe(({ object: { metadata } }) => {
      if (metadata.name === secret && metadata.namespace === app.namespace) check();
    });
    check();
  });
  try {
    const record = await until(ended, ...signals);
    if (record === undefined) throw notFound('deployment', id);
    if (record.status === 'failed') throw failureOf(record);
    return record;
  } finally {
    unsubscribe();
  }
}

function failureOf({
  error = 'the deployment failed',
  errorCode,
  errorStatus,
}: DeploymentRecord): EpinioError {
  const [title = '', ...details] = error.split('\n');
  return new EpinioError(errorCode ?? 'DEPLOYMENT_FAILED', title, { status: errorStatus ?? 500, details });
}
