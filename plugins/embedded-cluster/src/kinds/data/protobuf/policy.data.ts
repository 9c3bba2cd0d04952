/** Protobuf messages of `policy`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const policyMessages = String.raw`{
"policy.v1.Eviction": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["deleteOptions","one","meta.v1.DeleteOptions"]},
"policy.v1.PodDisruptionBudget": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","policy.v1.PodDisruptionBudgetSpec"],"3":["status","one","policy.v1.PodDisruptionBudgetStatus"]},
"policy.v1.PodDisruptionBudgetSpec": {"1":["minAvailable","one","util.intstr.IntOrString"],"2":["selector","one","meta.v1.LabelSelector"],"3":["maxUnavailable","one","util.intstr.IntOrString"],"4":["unhealthyPodEvictionPolicy","one","string"]},
"policy.v1.PodDisruptionBudgetStatus": {"1":["observedGeneration","one","int64"],"2":["disruptedPods","map","string","meta.v1.Time"],"3":["disruptionsAllowed","one","int32"],"4":["currentHealthy","one","int32"],"5":["desiredHealthy","one","int32"],"6":["expectedPods","one","int32"],"7":["conditions","list","meta.v1.Condition"]}
}`;
