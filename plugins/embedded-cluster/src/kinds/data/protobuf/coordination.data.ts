/** Protobuf messages of `coordination`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const coordinationMessages = String.raw`{
"coordination.v1.Lease": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","coordination.v1.LeaseSpec"]},
"coordination.v1.LeaseSpec": {"1":["holderIdentity","one","string"],"2":["leaseDurationSeconds","one","int32"],"3":["acquireTime","one","meta.v1.MicroTime"],"4":["renewTime","one","meta.v1.MicroTime"],"5":["leaseTransitions","one","int32"],"6":["strategy","one","string"],"7":["preferredHolder","one","string"]}
}`;
