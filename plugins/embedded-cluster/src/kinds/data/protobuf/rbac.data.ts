/** Protobuf messages of `rbac`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const rbacMessages = String.raw`{
"rbac.v1.AggregationRule": {"1":["clusterRoleSelectors","list","meta.v1.LabelSelector"]},
"rbac.v1.ClusterRole": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["rules","list","rbac.v1.PolicyRule"],"3":["aggregationRule","one","rbac.v1.AggregationRule"]},
"rbac.v1.ClusterRoleBinding": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["subjects","list","rbac.v1.Subject"],"3":["roleRef","one","rbac.v1.RoleRef"]},
"rbac.v1.PolicyRule": {"1":["verbs","list","string"],"2":["apiGroups","list","string"],"3":["resources","list","string"],"4":["resourceNames","list","string"],"5":["nonResourceURLs","list","string"]},
"rbac.v1.Role": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["rules","list","rbac.v1.PolicyRule"]},
"rbac.v1.RoleBinding": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["subjects","list","rbac.v1.Subject"],"3":["roleRef","one","rbac.v1.RoleRef"]},
"rbac.v1.RoleRef": {"1":["apiGroup","one","string"],"2":["kind","one","string"],"3":["name","one","string"]},
"rbac.v1.Subject": {"1":["kind","one","string"],"2":["apiGroup","one","string"],"3":["name","one","string"],"4":["namespace","one","string"]}
}`;
