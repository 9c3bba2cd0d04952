/** Protobuf messages of `events`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const eventsMessages = String.raw`{
"events.v1.Event": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["eventTime","one","meta.v1.MicroTime"],"3":["series","one","events.v1.EventSeries"],"4":["reportingController","one","string"],"5":["reportingInstance","one","string"],"6":["action","one","string"],"7":["reason","one","string"],"8":["regarding","one","core.v1.ObjectReference"],"9":["related","one","core.v1.ObjectReference"],"10":["note","one","string"],"11":["type","one","string"],"12":["deprecatedSource","one","core.v1.EventSource"],"13":["deprecatedFirstTimestamp","one","meta.v1.Time"],"14":["deprecatedLastTimestamp","one","meta.v1.Time"],"15":["deprecatedCount","one","int32"]},
"events.v1.EventSeries": {"1":["count","one","int32"],"2":["lastObservedTime","one","meta.v1.MicroTime"]}
}`;
