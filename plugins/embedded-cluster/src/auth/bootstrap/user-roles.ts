import type { PolicyRule } from '../authorize/policy-rule.ts';

/** Rules of the roles for people: facts of Kubernetes 1.35, see NOTICE. Each is verbs, API groups, resources. */
type Rule = readonly [verbs: string, groups: string, resources: string];

const READ = 'get list watch';
const WRITE = 'create delete deletecollection patch update';
const READ_WRITE = 'create delete deletecollection get list patch update watch';
/** The API group without a name. */
const CORE = '-';

/** What `admin` may do in a namespace beyond `edit`: give rights to others. */
export const ADMIN_RULES: readonly PolicyRule[] = rules([
  ['create', 'authorization.k8s.io', 'localsubjectaccessreviews'],
  [READ_WRITE, 'rbac.authorization.k8s.io', 'rolebindings roles'],
]);

/** What `edit` may do beyond `view`: change everything that is an application's. */
export const EDIT_RULES: readonly PolicyRule[] = rules([
  [READ, CORE, 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'],
  ['impersonate', CORE, 'serviceaccounts'],
  [WRITE, CORE, 'pods pods/attach pods/exec pods/portforward pods/proxy'],
  ['create', CORE, 'pods/eviction'],
  [
    WRITE,
    CORE,
    'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
  ],
  ['create', CORE, 'serviceaccounts/token'],
  [WRITE, '- events.k8s.io', 'events'],
  [
    WRITE,
    'apps',
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
  ],
  [WRITE, 'autoscaling', 'horizontalpodautoscalers'],
  [WRITE, 'batch', 'cronjobs jobs'],
  [
    WRITE,
    'extensions',
    'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
  ],
  [WRITE, 'policy', 'poddisruptionbudgets'],
  [WRITE, 'networking.k8s.io', 'ingresses networkpolicies'],
  [READ_WRITE, 'coordination.k8s.io', 'leases'],
  [WRITE, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'],
]);

/** What `view` may see: everything but secrets. */
export const VIEW_RULES: readonly PolicyRule[] = rules([
  [
    READ,
    CORE,
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
  ],
  [
    READ,
    CORE,
    'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
  ],
  [READ, CORE, 'namespaces'],
  [READ, '- events.k8s.io', 'events'],
  [READ, 'discovery.k8s.io', 'endpointslices'],
  [
    READ,
    'apps',
    'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
  ],
  [READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'],
  [READ, 'batch', 'cronjobs cronjobs/status jobs jobs/status'],
  [
    READ,
    'extensions',
    'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
  ],
  [READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'],
  [READ, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'],
  [READ, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'],
]);

function rules(list: readonly Rule[]): readonly PolicyRule[] {
  return list.map(([verbs, groups, resources]) => ({
    apiGroups: groups.split(' ').map((group) => (group === CORE ? '' : group)),
    resources: resources.split(' '),
    verbs: verbs.split(' '),
  }));
}
