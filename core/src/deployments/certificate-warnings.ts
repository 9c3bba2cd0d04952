import type { ObjectRef } from '../ports/kube.ts';
import type { DeploymentDeps } from './deps.ts';
import type { ReleasePlan } from './release-plan.ts';

/** A certificate from a public authority can take long; the application serves meanwhile, so it is only said. */
const TIMEOUT_MS = 60_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2_000;

/** Waits for the certificates of the routes. @returns a warning for each that is not there in time. */
export async function certificateWarnings(
  { kube, clock }: Pick<DeploymentDeps, 'kube' | 'clock'>,
  { certificates, app }: Pick<ReleasePlan, 'certificates' | 'app'>,
  signal: AbortSignal,
): Promise<string[]> {
  const { namespace = '' } = app.metadata;
  const deadline = clock.elapsed() + TIMEOUT_MS;
  const waits = [...certificates].map(async ([route, name]) => {
    const ref: ObjectRef = { apiVersion: 'v1', kind: 'Secret', namespace, name };
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if ((await kube.get(ref, signal)) !== undefined) return undefined;
      if (clock.elapsed() >= deadline) return `the certificate for route '${route}' has not been issued yet`;
      await clock.sleep(pause, signal);
    }
  });
  return (await Promise.all(waits)).filter((warning) => warning !== undefined);
}
