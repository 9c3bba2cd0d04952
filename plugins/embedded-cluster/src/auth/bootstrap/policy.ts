import type { PolicyRule } from '../authorize/policy-rule.ts';
import { ADMIN_RULES, EDIT_RULES, VIEW_RULES } from './user-roles.ts';

export interface BootstrapRole {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules?: readonly PolicyRule[];
  /** The label that roles carry whose rules this one is made of. */
  readonly aggregates?: string;
}

export interface BootstrapBinding {
  /** Also the name of the ClusterRole. */
  readonly name: string;
  readonly groups: readonly string[];
}

const aggregate = (to: string): string => `rbac.authorization.k8s.io/aggregate-to-${to}`;
const labelled = (to: string): Readonly<Record<string, string>> => ({ [aggregate(to)]: 'true' });
const reads = (...nonResourceURLs: readonly string[]): PolicyRule => ({ nonResourceURLs, verbs: ['get'] });
const creates = (group: string, ...resources: readonly string[]): PolicyRule => ({
  apiGroups: [group],
  resources,
  verbs: ['create'],
});

/** The ClusterRoles that a real API server makes, but for those of Kubernetes' own programs, which do not run here. */
export const CLUSTER_ROLES: readonly BootstrapRole[] = [
  {
    name: 'cluster-admin',
    rules: [
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { nonResourceURLs: ['*'], verbs: ['*'] },
    ],
  },
  {
    name: 'system:discovery',
    rules: [
      reads(
        ...['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez'],
        ...['/openapi', '/openapi/*', '/readyz', '/version', '/version/'],
      ),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [
      reads(
        ...['/healthz', '/healthz/*', '/livez', '/livez/*'],
        ...['/metrics', '/metrics/slis', '/readyz', '/readyz/*'],
      ),
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
    ],
  },
  {
    name: 'system:basic-user',
    rules: [
      creates('authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
      creates('authentication.k8s.io', 'selfsubjectreviews'),
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [reads('/healthz', '/livez', '/readyz', '/version', '/version/')],
  },
  { name: 'admin', aggregates: aggregate('admin') },
  { name: 'edit', labels: labelled('admin'), aggregates: aggregate('edit') },
  { name: 'view', labels: labelled('edit'), aggregates: aggregate('view') },
  { name: 'system:aggregate-to-admin', labels: labelled('admin'), rules: ADMIN_RULES },
  { name: 'system:aggregate-to-edit', labels: labelled('edit'), rules: EDIT_RULES },
  { name: 'system:aggregate-to-view', labels: labelled('view'), rules: VIEW_RULES },
  {
    name: 'system:auth-delegator',
    rules: [
      creates('authentication.k8s.io', 'tokenreviews'),
      creates('authorization.k8s.io', 'subjectaccessreviews'),
    ],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      reads(
        ...['/.well-known/openid-configuration', '/.well-known/openid-configuration/'],
        ...['/openid/v1/jwks', '/openid/v1/jwks/'],
      ),
    ],
  },
];

/** Who has those roles in every cluster. */
export const CLUSTER_ROLE_BINDINGS: readonly BootstrapBinding[] = [
  { name: 'cluster-admin', groups: ['system:masters'] },
  { name: 'system:monitoring', groups: ['system:monitoring'] },
  { name: 'system:discovery', groups: ['system:authenticated'] },
  { name: 'system:basic-user', groups: ['system:authenticated'] },
  { name: 'system:public-info-viewer', groups: ['system:authenticated', 'system:unauthenticated'] },
  { name: 'system:service-account-issuer-discovery', groups: ['system:serviceaccounts'] },
];
