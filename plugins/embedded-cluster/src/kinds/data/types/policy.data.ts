/** Types of `policy`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const policyTypes = String.raw`{
"policy.v1.Eviction": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"deleteOptions":{"ref":"meta.v1.DeleteOptions"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"}}},
"policy.v1.PodDisruptionBudget": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"spec":{"ref":"policy.v1.PodDisruptionBudgetSpec","zero":"keep"},"status":{"ref":"policy.v1.PodDisruptionBudgetStatus","zero":"keep"}}},
"policy.v1.PodDisruptionBudgetSpec": {"fields":{"maxUnavailable":{"type":"int-or-string"},"minAvailable":{"type":"int-or-string"},"selector":{"ref":"meta.v1.LabelSelector","patch":"replace"},"unhealthyPodEvictionPolicy":{"type":"string"}}},
"policy.v1.PodDisruptionBudgetStatus": {"fields":{"conditions":{"list":{"ref":"meta.v1.Condition"},"listType":"map","mapKeys":["type"],"mergeKey":"type","patch":"merge"},"currentHealthy":{"type":"int32","zero":"keep"},"desiredHealthy":{"type":"int32","zero":"keep"},"disruptedPods":{"map":{"type":"time"}},"disruptionsAllowed":{"type":"int32","zero":"keep"},"expectedPods":{"type":"int32","zero":"keep"},"observedGeneration":{"type":"int64","zero":"drop"}}}
}`;
