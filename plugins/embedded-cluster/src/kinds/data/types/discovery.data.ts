/** Types of `discovery`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const discoveryTypes = String.raw`{
"discovery.v1.Endpoint": {"fields":{"addresses":{"list":{"type":"string"},"listType":"set","zero":"null"},"conditions":{"ref":"discovery.v1.EndpointConditions","zero":"keep"},"deprecatedTopology":{"map":{"type":"string"}},"hints":{"ref":"discovery.v1.EndpointHints"},"hostname":{"type":"string"},"nodeName":{"type":"string"},"targetRef":{"ref":"core.v1.ObjectReference"},"zone":{"type":"string"}},"required":["addresses"]},
"discovery.v1.EndpointConditions": {"fields":{"ready":{"type":"boolean"},"serving":{"type":"boolean"},"terminating":{"type":"boolean"}}},
"discovery.v1.EndpointHints": {"fields":{"forNodes":{"list":{"ref":"discovery.v1.ForNode"}},"forZones":{"list":{"ref":"discovery.v1.ForZone"}}}},
"discovery.v1.EndpointPort": {"fields":{"appProtocol":{"type":"string"},"name":{"type":"string"},"port":{"type":"int32"},"protocol":{"type":"string"}},"atomic":true},
"discovery.v1.EndpointSlice": {"fields":{"addressType":{"type":"string","zero":"keep"},"apiVersion":{"type":"string","zero":"drop"},"endpoints":{"list":{"ref":"discovery.v1.Endpoint"},"zero":"null"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"ports":{"list":{"ref":"discovery.v1.EndpointPort"},"zero":"null"}},"required":["addressType"]},
"discovery.v1.ForNode": {"fields":{"name":{"type":"string","zero":"keep"}},"required":["name"]},
"discovery.v1.ForZone": {"fields":{"name":{"type":"string","zero":"keep"}},"required":["name"]}
}`;
