/** One request and what it has to be answered with. `{ns}` stands for the namespace of the case. */
export interface Step {
  /** "POST /api/v1/namespaces/{ns}/configmaps" */
  readonly request: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Fields that the answer must have; what is not named may be anything. */
  readonly expect?: unknown;
  /** The message of a refusal. */
  readonly message?: string | RegExp;
  /** Tried again until it has the status. */
  readonly eventually?: true;
  /** The Warning header. */
  readonly warning?: string;
  /** The media type of the answer. */
  readonly answerType?: string;
  /** Parts of the answer that later steps name: `{ token: 'status.token' }` for {token}. */
  readonly save?: Readonly<Record<string, string>>;
  /** Nothing may differ but what does by nature, also where other steps may. */
  readonly compareAll?: true;
  /** What of the answer may be otherwise than the real one's, and why. */
  readonly mayDiffer?: readonly [path: RegExp, reason: string];
}

/** Steps that belong together, in a namespace of their own. */
export interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** The object that a refusal shows. */
export const SHOWN_OBJECT = [
  /^message$|^details\.causes\[0\]\.message$/,
  'the refusal shows the whole object, and the real one has its fields in another order',
] as const;

export const CONFIG_MAPS = '/api/v1/namespaces/{ns}/configmaps';
export const DEPLOYMENTS = '/apis/apps/v1/namespaces/{ns}/deployments';
export const SERVICES = '/api/v1/namespaces/{ns}/services';
export const PODS = '/api/v1/namespaces/{ns}/pods';
export const MERGE = 'application/merge-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';
export const APPLY = 'application/apply-patch+yaml';

export function configMap(
  name: string,
  data: Readonly<Record<string, unknown>> = {},
  metadata: object = {},
): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

export function deployment(name: string, container: object = {}, spec: object = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'web', image: 'web:1', ...container }] },
      },
      ...spec,
    },
  };
}
