/** Protobuf messages of `discovery`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const discoveryMessages = String.raw`{
"discovery.v1.Endpoint": {"1":["addresses","list","string"],"2":["conditions","one","discovery.v1.EndpointConditions"],"3":["hostname","one","string"],"4":["targetRef","one","core.v1.ObjectReference"],"5":["deprecatedTopology","map","string","string"],"6":["nodeName","one","string"],"7":["zone","one","string"],"8":["hints","one","discovery.v1.EndpointHints"]},
"discovery.v1.EndpointConditions": {"1":["ready","one","bool"],"2":["serving","one","bool"],"3":["terminating","one","bool"]},
"discovery.v1.EndpointHints": {"1":["forZones","list","discovery.v1.ForZone"],"2":["forNodes","list","discovery.v1.ForNode"]},
"discovery.v1.EndpointPort": {"1":["name","one","string"],"2":["protocol","one","string"],"3":["port","one","int32"],"4":["appProtocol","one","string"]},
"discovery.v1.EndpointSlice": {"1":["metadata","one","meta.v1.ObjectMeta"],"4":["addressType","one","string"],"2":["endpoints","list","discovery.v1.Endpoint"],"3":["ports","list","discovery.v1.EndpointPort"]},
"discovery.v1.ForNode": {"1":["name","one","string"]},
"discovery.v1.ForZone": {"1":["name","one","string"]}
}`;
