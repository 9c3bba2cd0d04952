/** Protobuf messages of `authentication`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const authenticationMessages = String.raw`{
"authentication.v1.BoundObjectReference": {"1":["kind","one","string"],"2":["apiVersion","one","string"],"3":["name","one","string"],"4":["uid","one","string"]},
"authentication.v1.ExtraValue": {"1":["items","list","string"]},
"authentication.v1.SelfSubjectReview": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["status","one","authentication.v1.SelfSubjectReviewStatus"]},
"authentication.v1.SelfSubjectReviewStatus": {"1":["userInfo","one","authentication.v1.UserInfo"]},
"authentication.v1.TokenRequest": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","authentication.v1.TokenRequestSpec"],"3":["status","one","authentication.v1.TokenRequestStatus"]},
"authentication.v1.TokenRequestSpec": {"1":["audiences","list","string"],"3":["boundObjectRef","one","authentication.v1.BoundObjectReference"],"4":["expirationSeconds","one","int64"]},
"authentication.v1.TokenRequestStatus": {"1":["token","one","string"],"2":["expirationTimestamp","one","meta.v1.Time"]},
"authentication.v1.TokenReview": {"1":["metadata","one","meta.v1.ObjectMeta"],"2":["spec","one","authentication.v1.TokenReviewSpec"],"3":["status","one","authentication.v1.TokenReviewStatus"]},
"authentication.v1.TokenReviewSpec": {"1":["token","one","string"],"2":["audiences","list","string"]},
"authentication.v1.TokenReviewStatus": {"1":["authenticated","one","bool"],"2":["user","one","authentication.v1.UserInfo"],"3":["error","one","string"],"4":["audiences","list","string"]},
"authentication.v1.UserInfo": {"1":["username","one","string"],"2":["uid","one","string"],"3":["groups","list","string"],"4":["extra","map","string","authentication.v1.ExtraValue"]}
}`;
