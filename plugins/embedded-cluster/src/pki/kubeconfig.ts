import type { Pki } from './pki.ts';

/** The name of cluster, user and context. */
export const CONTEXT = 'epinio';

/** A kubeconfig for the administrator; certificates are in it, so that it can be copied. */
export function kubeconfigText({ authority, admin }: Pki, port: number): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: ${CONTEXT}
    cluster:
      server: https://127.0.0.1:${port}
      certificate-authority-data: ${base64(authority)}
users:
  - name: ${CONTEXT}
    user:
      client-certificate-data: ${base64(admin.certificate)}
      client-key-data: ${base64(admin.key)}
contexts:
  - name: ${CONTEXT}
    context:
      cluster: ${CONTEXT}
      user: ${CONTEXT}
      namespace: default
current-context: ${CONTEXT}
`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
