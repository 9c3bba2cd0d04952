/** Any Kubernetes object, as JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** The part of metav1.ObjectMeta that the platform reads or writes. */
export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** One thing that a component puts into the cluster. Core plans, applies, records and removes it. */
export type Part = ManifestPart | ChartPart;

export interface ManifestPart {
  readonly kind: 'manifest';
  readonly object: KubeObject;
  /**
   * Marks the platform's own object in the component's API: it is applied when these have passed, also where the
   * component is someone else's, and removed before the component is. One that others have made is used as it is.
   */
  readonly onceReady?: readonly Probe[];
}

/** A Helm chart; `chart` is a name in `repository`, an `oci://` reference or a path to a `.tgz`. */
export interface ChartPart {
  readonly kind: 'chart';
  readonly release: string;
  readonly namespace: string;
  readonly chart: string;
  readonly repository?: string;
  readonly version?: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** When a component can be used, as a value: core waits for it and reports progress. */
export type Probe = ObjectProbe | ConditionProbe | RolloutProbe | AddressProbe | DryRunProbe;

interface ProbeTarget {
  /** Said in progress lines: "waiting for <what>". */
  readonly what: string;
  readonly apiVersion: string;
  readonly resourceKind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly timeoutSeconds: number;
  /** What to do when the wait ends in vain, where the object itself does not tell. */
  readonly fix?: string;
}

/** The object exists. */
export interface ObjectProbe extends ProbeTarget {
  readonly kind: 'exists';
}

/** `status.conditions` has `type` with status "True". */
export interface ConditionProbe extends ProbeTarget {
  readonly kind: 'condition';
  readonly type: string;
}

/** A Deployment, StatefulSet or DaemonSet has all its replicas ready at the current generation. */
export interface RolloutProbe extends ProbeTarget {
  readonly kind: 'rollout';
}

/** A Service has got an address from its load balancer. */
export interface AddressProbe extends ProbeTarget {
  readonly kind: 'address';
}

/** A server-side dry-run create of `object` succeeds, which proves that its webhook answers. */
export interface DryRunProbe {
  readonly kind: 'dry-run';
  readonly what: string;
  readonly object: KubeObject;
  readonly timeoutSeconds: number;
}

/** What a plugin's `detect` found in the cluster before anything is installed. */
export interface Detected {
  readonly owner: 'absent' | 'epinio' | 'other';
  readonly version?: string;
  /** Where it was found, as a person would name it: "namespace kube-system". */
  readonly place?: string;
}

/** What stands in the way of a component, or what a person should know before and after it is installed. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** AREA_FACT, as of `EpinioError`. */
  readonly code: string;
  /** Subject and fact, names in double quotes, no full stop. */
  readonly message: string;
  /** One imperative sentence, a setting, or a command to type. */
  readonly fix?: string;
}
