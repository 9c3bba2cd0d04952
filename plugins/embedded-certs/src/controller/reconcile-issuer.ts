import { isEpinioError, type Clock, type Kube } from '@epinio/core';
import type { Issuer } from '../kinds.ts';
import { authorityOf, type IssuerSources } from './authority.ts';
import { withCondition } from './conditions.ts';

export interface IssuerDeps extends IssuerSources {
  readonly kube: Kube;
  readonly clock: Clock;
}

/** Says in an issuer's status whether it can sign, and if not, why. */
export async function reconcileIssuer(issuer: Issuer, deps: IssuerDeps, signal: AbortSignal): Promise<void> {
  const { apiVersion, kind, metadata, status } = issuer;
  const conditions = withCondition(
    issuer,
    status?.conditions ?? [],
    readiness(issuer, deps),
    deps.clock.now(),
  );
  if (conditions === undefined) return;
  const { name, namespace } = metadata;
  const ref = { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
  await deps.kube.patch(
    ref,
    { type: 'merge', patch: { status: { conditions } } },
    { subresource: 'status', signal },
  );
}

function readiness(issuer: Issuer, deps: IssuerDeps): Parameters<typeof withCondition>[2] {
  try {
    const isSelf = authorityOf(issuer, deps).kind === 'self';
    const reason = isSelf ? 'IsReady' : 'KeyPairVerified';
    return { type: 'Ready', status: 'True', reason, message: isSelf ? '' : 'Signing CA verified' };
  } catch (error) {
    if (!isEpinioError(error)) throw error;
    const reason = error.code === 'ISSUER_UNSUPPORTED' ? 'NotSupported' : 'ErrGetKeyPair';
    return { type: 'Ready', status: 'False', reason, message: error.message };
  }
}
