/** Protobuf messages of `authorization`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const authorizationMessages = String.raw`{
"authorization.v1.ExtraValue": {"1":["items","list","string"]},
"authorization.v1.FieldSelectorAttributes": {"1":["rawSelector","one","string"],"2":["requirements","list","meta.v1.FieldSelectorRequirement"]},
"authorization.v1.LabelSelectorAttributes": {"1":["rawSelector","one","string"],"2":["requirements","list","meta.v1.LabelSelectorRequirement"]},
"authorization.v1.LocalSubjectAccessReview": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","authorization.v1.SubjectAccessReviewSpec"],"3":["status","one","authorization.v1.SubjectAccessReviewStatus"]},
"authorization.v1.NonResourceAttributes": {"1":["path","one","string"],"2":["verb","one","string"]},
"authorization.v1.NonResourceRule": {"1":["verbs","list","string"],"2":["nonResourceURLs","list","string"]},
"authorization.v1.ResourceAttributes": {"1":["namespace","one","string"],"2":["verb","one","string"],"3":["group","one","string"],"4":["version","one","string"],"5":["resource","one","string"],"6":["subresource","one","string"],"7":["name","one","string"],"8":["fieldSelector","one","authorization.v1.FieldSelectorAttributes"],"9":["labelSelector","one","authorization.v1.LabelSelectorAttributes"]},
"authorization.v1.ResourceRule": {"1":["verbs","list","string"],"2":["apiGroups","list","string"],"3":["resources","list","string"],"4":["resourceNames","list","string"]},
"authorization.v1.SelfSubjectAccessReview": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","authorization.v1.SelfSubjectAccessReviewSpec"],"3":["status","one","authorization.v1.SubjectAccessReviewStatus"]},
"authorization.v1.SelfSubjectAccessReviewSpec": {"1":["resourceAttributes","one","authorization.v1.ResourceAttributes"],"2":["nonResourceAttributes","one","authorization.v1.NonResourceAttributes"]},
"authorization.v1.SelfSubjectRulesReview": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","authorization.v1.SelfSubjectRulesReviewSpec"],"3":["status","one","authorization.v1.SubjectRulesReviewStatus"]},
"authorization.v1.SelfSubjectRulesReviewSpec": {"1":["namespace","one","string"]},
"authorization.v1.SubjectAccessReview": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","authorization.v1.SubjectAccessReviewSpec"],"3":["status","one","authorization.v1.SubjectAccessReviewStatus"]},
"authorization.v1.SubjectAccessReviewSpec": {"1":["resourceAttributes","one","authorization.v1.ResourceAttributes"],"2":["nonResourceAttributes","one","authorization.v1.NonResourceAttributes"],"3":["user","one","string"],"4":["groups","list","string"],"5":["extra","map","string","authorization.v1.ExtraValue"],"6":["uid","one","string"]},
"authorization.v1.SubjectAccessReviewStatus": {"1":["allowed","one","bool"],"4":["denied","one","bool"],"2":["reason","one","string"],"3":["evaluationError","one","string"]},
"authorization.v1.SubjectRulesReviewStatus": {"1":["resourceRules","list","authorization.v1.ResourceRule"],"2":["nonResourceRules","list","authorization.v1.NonResourceRule"],"3":["incomplete","one","bool"],"4":["evaluationError","one","string"]}
}`;
