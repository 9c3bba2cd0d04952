import type { CheckContext, Finding, Kube } from '@epinio/core';
import type { Config } from './config.ts';
import { findCertManager } from './find.ts';
import { CLUSTER_ISSUERS, ISSUERS } from './kinds.ts';
import { RELEASE } from './resources.ts';

/** Whether certificates can be had from the issuer that the platform is to use. */
export async function check(kube: Kube, config: Config, context: CheckContext): Promise<readonly Finding[]> {
  const all = await Promise.all([
    checkIssuer(kube, config, context),
    context.detected.owner === 'other' ? checkUsed(kube, config, context) : [],
    config.install && context.detected.owner === 'absent' ? checkRemnant(kube, config, context) : [],
  ]);
  return all.flat();
}

/** An issuer that is not made here has to be there before anything is installed. */
async function checkIssuer(
  kube: Kube,
  { install, email }: Config,
  { settings, signal }: CheckContext,
): Promise<readonly Finding[]> {
  const { tlsIssuer } = settings;
  const made: string[] = install ? [ISSUERS.ca, ISSUERS.selfSigned] : [];
  if (install && email !== undefined) made.push(ISSUERS.letsEncrypt);
  if (made.includes(tlsIssuer)) return [];
  if ((await kube.get({ ...CLUSTER_ISSUERS, name: tlsIssuer }, signal)) !== undefined) return [];
  const needsAddress = install && tlsIssuer === ISSUERS.letsEncrypt;
  return [
    {
      severity: 'error',
      code: 'CERTS_ISSUER_MISSING',
      message: needsAddress
        ? `Issuer "${tlsIssuer}" needs an address for Let's Encrypt`
        : `The specified cluster issuer "${tlsIssuer}" is missing`,
      fix: needsAddress
        ? 'give it with --email-address, or set components.certs.with.email'
        : 'create it first, or name another: kubectl get clusterissuers shows those that are there',
    },
  ];
}

/** The Secret of our authority has to be where the cert-manager that is there looks for it. */
async function checkUsed(
  kube: Kube,
  { namespace }: Config,
  { signal }: CheckContext,
): Promise<readonly Finding[]> {
  const found = await findCertManager(kube, signal);
  if (found === undefined || found.resourceNamespace === namespace) return [];
  return [
    {
      severity: 'error',
      code: 'CERT_MANAGER_NAMESPACE',
      message: `The cert-manager of the cluster looks for the Secrets of ClusterIssuers in namespace "${found.resourceNamespace}", not in "${namespace}"`,
      fix: `set components.certs.with.namespace to ${found.resourceNamespace}`,
    },
  ];
}

/** Definitions without a cert-manager: Helm would not take them over, and nobody answers for what is in them. */
async function checkRemnant(
  kube: Kube,
  { namespace }: Config,
  { signal }: CheckContext,
): Promise<readonly Finding[]> {
  const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;
  const found = await kube.get({ ...definition, name: 'certificates.cert-manager.io' }, signal);
  if (found === undefined) return [];
  const { annotations = {} } = found.metadata;
  const isOfRelease =
    annotations['meta.helm.sh/release-name'] === RELEASE &&
    annotations['meta.helm.sh/release-namespace'] === namespace;
  if (isOfRelease) return [];
  return [
    {
      severity: 'error',
      code: 'CERT_MANAGER_REMNANT',
      message: 'The definitions of cert-manager are in the cluster, but no cert-manager runs',
      fix: 'remove them when nothing needs them: kubectl get crds -o name | grep cert-manager.io | xargs kubectl delete',
    },
  ];
}
