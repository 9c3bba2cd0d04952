/** Protobuf messages of `scheduling`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const schedulingMessages = String.raw`{
"scheduling.v1.PriorityClass": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["value","one","int32"],"3":["globalDefault","one","bool"],"4":["description","one","string"],"5":["preemptionPolicy","one","string"]}
}`;
