import type { ChartValues } from '@epinio/core/charts';
import type { Config } from './config.ts';

/** Pure: values for the chart, in the form that its version wants. */
export function valuesFor({ version, namespace }: Config): ChartValues {
  const [major = 1, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isSince = (wanted: number): boolean => major > 1 || minor >= wanted;
  return {
    // Kept by Helm, since certificates of others would go with them; core removes them when nobody has any.
    ...(isSince(15) ? { crds: { enabled: true, keep: true } } : { installCRDs: true }),
    // In its own namespace: kube-system is closed on managed clusters.
    global: { leaderElection: { namespace } },
    // The platform waits for the webhook itself; the chart's Job fails the release when it is slow.
    startupapicheck: { enabled: false },
    // A Secret goes with its Certificate, so that a deleted route leaves no key behind.
    ...(isSince(13)
      ? { enableCertificateOwnerRef: true }
      : { extraArgs: ['--enable-certificate-owner-ref=true'] }),
  };
}
