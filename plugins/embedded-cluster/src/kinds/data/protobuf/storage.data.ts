/** Protobuf messages of `storage`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const storageMessages = String.raw`{
"storage.v1.CSIDriver": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","storage.v1.CSIDriverSpec"]},
"storage.v1.CSIDriverSpec": {"1":["attachRequired","one","bool"],"2":["podInfoOnMount","one","bool"],"3":["volumeLifecycleModes","list","string"],"4":["storageCapacity","one","bool"],"5":["fsGroupPolicy","one","string"],"6":["tokenRequests","list","storage.v1.TokenRequest"],"7":["requiresRepublish","one","bool"],"8":["seLinuxMount","one","bool"],"9":["nodeAllocatableUpdatePeriodSeconds","one","int64"],"10":["serviceAccountTokenInSecrets","one","bool"],"11":["preventPodSchedulingIfMissing","one","bool"]},
"storage.v1.CSINode": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","storage.v1.CSINodeSpec"]},
"storage.v1.CSINodeDriver": {"1":["name","one","string"],"2":["nodeID","one","string"],"3":["topologyKeys","list","string"],"4":["allocatable","one","storage.v1.VolumeNodeResources"]},
"storage.v1.CSINodeSpec": {"1":["drivers","list","storage.v1.CSINodeDriver"]},
"storage.v1.CSIStorageCapacity": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["nodeTopology","one","meta.v1.LabelSelector"],"3":["storageClassName","one","string"],"4":["capacity","one","api.resource.Quantity"],"5":["maximumVolumeSize","one","api.resource.Quantity"]},
"storage.v1.StorageClass": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["provisioner","one","string"],"3":["parameters","map","string","string"],"4":["reclaimPolicy","one","string"],"5":["mountOptions","list","string"],"6":["allowVolumeExpansion","one","bool"],"7":["volumeBindingMode","one","string"],"8":["allowedTopologies","list","core.v1.TopologySelectorTerm"]},
"storage.v1.TokenRequest": {"1":["audience","one","string"],"2":["expirationSeconds","one","int64"]},
"storage.v1.VolumeAttachment": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","storage.v1.VolumeAttachmentSpec"],"3":["status","one","storage.v1.VolumeAttachmentStatus"]},
"storage.v1.VolumeAttachmentSource": {"1":["persistentVolumeName","one","string"],"2":["inlineVolumeSpec","one","core.v1.PersistentVolumeSpec"]},
"storage.v1.VolumeAttachmentSpec": {"1":["attacher","one","string"],"2":["source","one","storage.v1.VolumeAttachmentSource"],"3":["nodeName","one","string"]},
"storage.v1.VolumeAttachmentStatus": {"1":["attached","one","bool"],"2":["attachmentMetadata","map","string","string"],"3":["attachError","one","storage.v1.VolumeError"],"4":["detachError","one","storage.v1.VolumeError"]},
"storage.v1.VolumeError": {"1":["time","one","meta.v1.Time"],"2":["message","one","string"],"3":["errorCode","one","int32"]},
"storage.v1.VolumeNodeResources": {"1":["count","one","int32"]}
}`;
