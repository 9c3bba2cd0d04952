/** Types of `scheduling`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const schedulingTypes = String.raw`{
"scheduling.v1.PriorityClass": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"description":{"type":"string","zero":"drop"},"globalDefault":{"type":"boolean","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"preemptionPolicy":{"type":"string"},"value":{"type":"int32","zero":"keep"}}}
}`;
