/** Protobuf messages of `apiregistration`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const apiregistrationMessages = String.raw`{
"apiregistration.v1.APIService": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","apiregistration.v1.APIServiceSpec"],"3":["status","one","apiregistration.v1.APIServiceStatus"]},
"apiregistration.v1.APIServiceCondition": {"1":["type","one","string"],"2":["status","one","string"],"3":["lastTransitionTime","one","meta.v1.Time"],"4":["reason","one","string"],"5":["message","one","string"]},
"apiregistration.v1.APIServiceSpec": {"1":["service","one","apiregistration.v1.ServiceReference"],"2":["group","one","string"],"3":["version","one","string"],"4":["insecureSkipTLSVerify","one","bool"],"5":["caBundle","one","bytes"],"7":["groupPriorityMinimum","one","int32"],"8":["versionPriority","one","int32"]},
"apiregistration.v1.APIServiceStatus": {"1":["conditions","list","apiregistration.v1.APIServiceCondition"]},
"apiregistration.v1.ServiceReference": {"1":["namespace","one","string"],"2":["name","one","string"],"3":["port","one","int32"]}
}`;
