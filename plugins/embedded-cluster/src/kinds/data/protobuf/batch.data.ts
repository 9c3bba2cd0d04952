/** Protobuf messages of `batch`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const batchMessages = String.raw`{
"batch.v1.CronJob": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","batch.v1.CronJobSpec"],"3":["status","one","batch.v1.CronJobStatus"]},
"batch.v1.CronJobSpec": {"1":["schedule","one","string"],"8":["timeZone","one","string"],"2":["startingDeadlineSeconds","one","int64"],"3":["concurrencyPolicy","one","string"],"4":["suspend","one","bool"],"5":["jobTemplate","one","batch.v1.JobTemplateSpec"],"6":["successfulJobsHistoryLimit","one","int32"],"7":["failedJobsHistoryLimit","one","int32"]},
"batch.v1.CronJobStatus": {"1":["active","list","core.v1.ObjectReference"],"4":["lastScheduleTime","one","meta.v1.Time"],"5":["lastSuccessfulTime","one","meta.v1.Time"]},
"batch.v1.Job": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","batch.v1.JobSpec"],"3":["status","one","batch.v1.JobStatus"]},
"batch.v1.JobCondition": {"1":["type","one","string"],"2":["status","one","string"],"3":["lastProbeTime","one","meta.v1.Time"],"4":["lastTransitionTime","one","meta.v1.Time"],"5":["reason","one","string"],"6":["message","one","string"]},
"batch.v1.JobSpec": {"1":["parallelism","one","int32"],"2":["completions","one","int32"],"3":["activeDeadlineSeconds","one","int64"],"11":["podFailurePolicy","one","batch.v1.PodFailurePolicy"],"16":["successPolicy","one","batch.v1.SuccessPolicy"],"7":["backoffLimit","one","int32"],"12":["backoffLimitPerIndex","one","int32"],"13":["maxFailedIndexes","one","int32"],"4":["selector","one","meta.v1.LabelSelector"],"5":["manualSelector","one","bool"],"6":["template","one","core.v1.PodTemplateSpec"],"8":["ttlSecondsAfterFinished","one","int32"],"9":["completionMode","one","string"],"10":["suspend","one","bool"],"14":["podReplacementPolicy","one","string"],"15":["managedBy","one","string"]},
"batch.v1.JobStatus": {"1":["conditions","list","batch.v1.JobCondition"],"2":["startTime","one","meta.v1.Time"],"3":["completionTime","one","meta.v1.Time"],"4":["active","one","int32"],"5":["succeeded","one","int32"],"6":["failed","one","int32"],"11":["terminating","one","int32"],"7":["completedIndexes","one","string"],"10":["failedIndexes","one","string"],"8":["uncountedTerminatedPods","one","batch.v1.UncountedTerminatedPods"],"9":["ready","one","int32"]},
"batch.v1.JobTemplateSpec": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","batch.v1.JobSpec"]},
"batch.v1.PodFailurePolicy": {"1":["rules","list","batch.v1.PodFailurePolicyRule"]},
"batch.v1.PodFailurePolicyOnExitCodesRequirement": {"1":["containerName","one","string"],"2":["operator","one","string"],"3":["values","list","int32"]},
"batch.v1.PodFailurePolicyOnPodConditionsPattern": {"1":["type","one","string"],"2":["status","one","string"]},
"batch.v1.PodFailurePolicyRule": {"1":["action","one","string"],"2":["onExitCodes","one","batch.v1.PodFailurePolicyOnExitCodesRequirement"],"3":["onPodConditions","list","batch.v1.PodFailurePolicyOnPodConditionsPattern"]},
"batch.v1.SuccessPolicy": {"1":["rules","list","batch.v1.SuccessPolicyRule"]},
"batch.v1.SuccessPolicyRule": {"1":["succeededIndexes","one","string"],"2":["succeededCount","one","int32"]},
"batch.v1.UncountedTerminatedPods": {"1":["succeeded","list","string"],"2":["failed","list","string"]}
}`;
