/** Types of `authentication`: facts of the Kubernetes 1.35 API, see NOTICE and index.ts. */
export const authenticationTypes = String.raw`{
"authentication.v1.BoundObjectReference": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"name":{"type":"string","zero":"drop"},"uid":{"type":"string","zero":"drop"}}},
"authentication.v1.SelfSubjectReview": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"status":{"ref":"authentication.v1.SelfSubjectReviewStatus","zero":"keep"}}},
"authentication.v1.SelfSubjectReviewStatus": {"fields":{"userInfo":{"ref":"authentication.v1.UserInfo","zero":"keep"}}},
"authentication.v1.TokenRequest": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"spec":{"ref":"authentication.v1.TokenRequestSpec","zero":"keep"},"status":{"ref":"authentication.v1.TokenRequestStatus","zero":"keep"}}},
"authentication.v1.TokenRequestSpec": {"fields":{"audiences":{"list":{"type":"string"},"zero":"null"},"boundObjectRef":{"ref":"authentication.v1.BoundObjectReference","zero":"null"},"expirationSeconds":{"type":"int64","default":3600}}},
"authentication.v1.TokenRequestStatus": {"fields":{"expirationTimestamp":{"type":"time","zero":"keep"},"token":{"type":"string","zero":"keep"}}},
"authentication.v1.TokenReview": {"fields":{"apiVersion":{"type":"string","zero":"drop"},"kind":{"type":"string","zero":"drop"},"metadata":{"ref":"meta.v1.ObjectMeta","zero":"keep"},"spec":{"ref":"authentication.v1.TokenReviewSpec","zero":"keep"},"status":{"ref":"authentication.v1.TokenReviewStatus","zero":"keep"}},"required":["spec"]},
"authentication.v1.TokenReviewSpec": {"fields":{"audiences":{"list":{"type":"string"}},"token":{"type":"string","zero":"drop"}},"required":["token"]},
"authentication.v1.TokenReviewStatus": {"fields":{"audiences":{"list":{"type":"string"}},"authenticated":{"type":"boolean","zero":"drop"},"error":{"type":"string","zero":"drop"},"user":{"ref":"authentication.v1.UserInfo","zero":"keep"}}},
"authentication.v1.UserInfo": {"fields":{"extra":{"map":{"list":{"type":"string"}}},"groups":{"list":{"type":"string"}},"uid":{"type":"string","zero":"drop"},"username":{"type":"string","zero":"drop"}}}
}`;
