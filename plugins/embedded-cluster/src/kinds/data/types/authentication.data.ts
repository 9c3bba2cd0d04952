/** Types of `authentication`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const authenticationTypes = String.raw`{
"authentication.v1.SelfSubjectReview": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"status":{"ref":"authentication.v1.SelfSubjectReviewStatus","zero":"keep"}}},
"authentication.v1.SelfSubjectReviewStatus": {"fields":{"userInfo":{"ref":"authentication.v1.UserInfo","zero":"keep"}}},
"authentication.v1.UserInfo": {"fields":{"extra":{"map":{"list":{"type":"string"}}},"groups":{"list":{"type":"string"}},"uid":{"type":"string","zero":"drop"},"username":{"type":"string","zero":"drop"}}}
}`;
