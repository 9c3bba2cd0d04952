/** Protobuf messages of `authentication`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const authenticationMessages = String.raw`{
"authentication.v1.ExtraValue": {"1":["items","list","string"]},
"authentication.v1.SelfSubjectReview": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["status","one","authentication.v1.SelfSubjectReviewStatus"]},
"authentication.v1.SelfSubjectReviewStatus": {"1":["userInfo","one","authentication.v1.UserInfo"]},
"authentication.v1.UserInfo": {"1":["username","one","string"],"2":["uid","one","string"],"3":["groups","list","string"],"4":["extra","map","string","authentication.v1.ExtraValue"]}
}`;
