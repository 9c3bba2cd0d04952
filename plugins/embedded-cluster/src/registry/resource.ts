import type { Authorizer } from '../auth/authorize/authorizer.ts';
import type { User } from '../auth/user.ts';
import type { JsonObject } from '../json.ts';
import type { FieldError } from '../schema/field-error.ts';
import type { NameRule } from '../schema/names.ts';
import type { StructSchema } from '../schema/schema.ts';
import type { ApiObject, FieldsV1 } from '../storage/api-object.ts';

/** One column of a table: what `kubectl get` shows. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  /** 0 shows always, 1 with `-o wide`. */
  readonly priority: number;
  readonly description?: string;
  /** Of custom resources: where the cell comes from. */
  readonly jsonPath?: string;
}

/** `status`, `scale`, `log`, …: a path below an object. */
export interface Subresource {
  readonly name: string;
  /** Its own kind, when that is not the resource's: Scale of autoscaling/v1. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly schema?: StructSchema;
}

/** Where a custom resource keeps what `scale` shows; paths as arrays of field names. */
export interface ScalePaths {
  readonly replicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly selector?: readonly string[];
}

/** What the API serves under one plural name in one version: built-in kinds and custom resources alike. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  /** "apps/v1", or "v1" for the core group. */
  readonly apiVersion: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly columns: readonly Column[];
  readonly subresources: ReadonlyMap<string, Subresource>;
  readonly schema: StructSchema;
  readonly rules: KindRules;
  /** The collection of the store that holds the objects of all versions. */
  readonly collection: string;
  /** The apiVersion that objects are stored with. */
  readonly storedAs: string;
  /** Set for kinds that a CustomResourceDefinition declares. */
  readonly custom?: CustomKind;
}

export interface CustomKind {
  /** The CustomResourceDefinition's name. */
  readonly definition: string;
  readonly scale?: ScalePaths;
  readonly deprecationWarning?: string;
  /** What its objects can be selected by besides their name: the field's name and where it is. */
  readonly selectableFields?: Readonly<Record<string, readonly string[]>>;
}

/** How a kind is kept whose objects are those of another version under other names. */
export interface StoredForm {
  readonly apiVersion: string;
  /** The collection of the other version. */
  readonly collection: string;
  encode(object: ApiObject): ApiObject;
  decode(object: ApiObject): ApiObject;
}

/** What rules may look at and take while they admit an object. */
export interface Admission {
  /** The newest version of an object; undefined when there is none. */
  find(collection: string, key: string): ApiObject | undefined;
  /** The committed objects of a collection. */
  list(collection: string): readonly ApiObject[];
  /** RFC 3339, of this request. */
  readonly time: string;
  /** True for the cluster's own controllers and its node. */
  readonly internal: boolean;
  /** Who asks. */
  readonly user: User;
  readonly authorizer: Authorizer;
  /** The name in the request's path; empty for a POST to a collection. */
  readonly urlName: string;
  warn(message: string): void;
}

/**
 * What is particular to a kind. Everything is optional: a kind without rules is an object with metadata that
 * anybody may change. Rules change the object that they get, or answer findings; they throw a StatusError to refuse.
 */
export interface KindRules {
  /** Set when objects of this kind are kept as those of another one. */
  readonly stored?: StoredForm;
  /** Default: RFC 1123 subdomain. */
  readonly nameRule?: NameRule;
  /** metadata.generation counts changes of what is not metadata or status; of some kinds annotations, too. */
  readonly generations?: true | 'with annotations';
  /** PUT to a name that is not there creates. */
  readonly createsOnUpdate?: boolean;
  /** What becomes of dependents when a deletion does not say; default Background. */
  readonly propagation?: 'Background' | 'Orphan';
  /** An immediate deletion answers the object, not a Status. */
  readonly returnsDeleted?: boolean;
  /** A marked object of this kind does not say how long it has. */
  readonly keepsNoGracePeriod?: true;
  /** Fields that an update of the object itself cannot change, and one of its status. */
  readonly resets?: { readonly object?: FieldsV1; readonly status?: FieldsV1 };
  /** An object that is made just after the namespace and has to be there first: a creation waits for it, for a second. */
  awaits?(
    object: JsonObject,
    namespace: string,
  ): { readonly collection: string; readonly key: string } | undefined;
  /** Fills what a client may leave out. */
  setDefaults?(object: ApiObject): void;
  /** Refuses by throwing what this user may not write although the verb is allowed. `current` is absent for a new object. */
  authorize?(next: ApiObject, current: ApiObject | undefined, admission: Admission): void;
  /** The last word on a new object before it is validated. */
  prepareCreate?(object: ApiObject, admission: Admission): void;
  /** Carries over what an update cannot change. Status is carried over already. */
  prepareUpdate?(
    next: ApiObject,
    current: ApiObject,
    admission: Admission,
    subresource: string | undefined,
  ): void;
  /** As `prepareUpdate`, for the status subresource. The spec is carried over already. */
  prepareStatus?(next: ApiObject, current: ApiObject): void;
  validate?(object: ApiObject): readonly FieldError[];
  validateUpdate?(next: ApiObject, current: ApiObject, admission: Admission): readonly FieldError[];
  /** Takes what has to be unique once the object is valid: addresses, ports. */
  allocate?(object: ApiObject, current: ApiObject | undefined, admission: Admission): void;
  /** Told to whoever uses this version of the kind, whatever they do with it. */
  readonly deprecation?: string;
  /** Things worth telling to who sends such an object. */
  warnings?(object: ApiObject): readonly string[];
  /** Refuses a deletion by throwing. */
  checkDelete?(object: ApiObject): void;
  /** Seconds that the object stays with a deletionTimestamp; 0: gone at once. */
  gracePeriod?(object: ApiObject, asked: number | undefined): number;
  /** Marks the beginning of a deletion that waits for finalizers. @returns true when it has some of its own. */
  beginDelete?(object: ApiObject): boolean;
}
