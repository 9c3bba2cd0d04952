/** Types of `coordination`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const coordinationTypes = String.raw`{
"coordination.v1.Lease": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"spec":{"ref":"coordination.v1.LeaseSpec","zero":"keep"}}},
"coordination.v1.LeaseSpec": {"fields":{"acquireTime":{"type":"microtime"},"holderIdentity":{"type":"string"},"leaseDurationSeconds":{"type":"int32"},"leaseTransitions":{"type":"int32"},"preferredHolder":{"type":"string"},"renewTime":{"type":"microtime"},"strategy":{"type":"string"}}}
}`;
