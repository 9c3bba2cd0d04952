/** A name and identity that a token holds. */
export interface ClaimedObject {
  readonly name: string;
  readonly uid?: string;
}

/** What a token says of whom it was given to; times in seconds since the epoch. */
export interface BoundClaims {
  readonly aud: string[];
  readonly exp: number;
  readonly iat: number;
  readonly iss: string;
  readonly jti: string;
  readonly nbf: number;
  readonly sub: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly node?: ClaimedObject;
    readonly pod?: ClaimedObject;
    readonly secret?: ClaimedObject;
    readonly serviceaccount: ClaimedObject;
    /** From then on a token of a pod is used that its client should have read anew. */
    readonly warnafter?: number;
  };
}

/** What a token in a Secret says: it has no end, and lives with the Secret. */
export interface LegacyClaims {
  readonly iss: string;
  readonly sub: string;
  readonly 'kubernetes.io/serviceaccount/namespace': string;
  readonly 'kubernetes.io/serviceaccount/secret.name': string;
  readonly 'kubernetes.io/serviceaccount/service-account.name': string;
  readonly 'kubernetes.io/serviceaccount/service-account.uid': string;
}

/** Who issues tokens, and the audience that this API server is. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** Who issues the tokens in Secrets. */
export const LEGACY_ISSUER = 'kubernetes/serviceaccount';
