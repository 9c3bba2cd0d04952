/** Types of `apiregistration`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const apiregistrationTypes = String.raw`{
"apiregistration.v1.APIService": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"spec":{"ref":"apiregistration.v1.APIServiceSpec","zero":"keep"},"status":{"ref":"apiregistration.v1.APIServiceStatus","zero":"keep"}}},
"apiregistration.v1.APIServiceCondition": {"fields":{"lastTransitionTime":{"type":"time","zero":"keep"},"message":{"type":"string","zero":"drop"},"reason":{"type":"string","zero":"drop"},"status":{"type":"string","zero":"keep"},"type":{"type":"string","zero":"keep"}},"required":["type","status"]},
"apiregistration.v1.APIServiceSpec": {"fields":{"caBundle":{"type":"bytes"},"group":{"type":"string","zero":"drop"},"groupPriorityMinimum":{"type":"int32","zero":"keep"},"insecureSkipTLSVerify":{"type":"boolean","zero":"drop"},"service":{"ref":"apiregistration.v1.ServiceReference"},"version":{"type":"string","zero":"drop"},"versionPriority":{"type":"int32","zero":"keep"}},"required":["groupPriorityMinimum","versionPriority"]},
"apiregistration.v1.APIServiceStatus": {"fields":{"conditions":{"list":{"ref":"apiregistration.v1.APIServiceCondition"},"listType":"map","mapKeys":["type"],"mergeKey":"type","patch":"merge"}}},
"apiregistration.v1.ServiceReference": {"fields":{"name":{"type":"string","zero":"drop"},"namespace":{"type":"string","zero":"drop"},"port":{"type":"int32"}}}
}`;
