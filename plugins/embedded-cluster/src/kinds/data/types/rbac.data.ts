/** Types of `rbac`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const rbacTypes = String.raw`{
"rbac.v1.AggregationRule": {"fields":{"clusterRoleSelectors":{"list":{"ref":"meta.v1.LabelSelector"}}}},
"rbac.v1.ClusterRole": {"fields":{"aggregationRule":{"ref":"rbac.v1.AggregationRule"},"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"rules":{"list":{"ref":"rbac.v1.PolicyRule"},"zero":"null"}}},
"rbac.v1.ClusterRoleBinding": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"roleRef":{"ref":"rbac.v1.RoleRef","zero":"keep"},"subjects":{"list":{"ref":"rbac.v1.Subject"}}},"required":["roleRef"]},
"rbac.v1.PolicyRule": {"fields":{"apiGroups":{"list":{"type":"string"}},"nonResourceURLs":{"list":{"type":"string"}},"resourceNames":{"list":{"type":"string"}},"resources":{"list":{"type":"string"}},"verbs":{"list":{"type":"string"},"zero":"null"}},"required":["verbs"]},
"rbac.v1.Role": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"rules":{"list":{"ref":"rbac.v1.PolicyRule"},"zero":"null"}}},
"rbac.v1.RoleBinding": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"roleRef":{"ref":"rbac.v1.RoleRef","zero":"keep"},"subjects":{"list":{"ref":"rbac.v1.Subject"}}},"required":["roleRef"]},
"rbac.v1.RoleRef": {"fields":{"apiGroup":{"type":"string","zero":"keep"},"kind":{"type":"string","zero":"keep"},"name":{"type":"string","zero":"keep"}},"required":["kind","name"],"atomic":true},
"rbac.v1.Subject": {"fields":{"apiGroup":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"keep"},"name":{"type":"string","zero":"keep"},"namespace":{"type":"string","zero":"drop"}},"required":["kind","name"],"atomic":true}
}`;
