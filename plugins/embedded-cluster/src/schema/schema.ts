/** What a scalar may be; `any` takes every JSON value as it is. */
export type ScalarType =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'time'
  | 'microtime'
  | 'quantity'
  | 'int-or-string'
  | 'any';

/** How server-side apply and strategic merge treat a list. */
export type ListType = 'atomic' | 'set' | 'map';

interface Common {
  /** Set when the field is absent. */
  readonly default?: unknown;
  /** What is written for an absent or zero value: nothing, the zero value, or null. Absent: what was given. */
  readonly zero?: 'drop' | 'keep' | 'null';
  /** Directives of a strategic merge patch: "merge", "replace", "retainKeys". */
  readonly patch?: readonly string[];
  /** Null is a value here. Only in CustomResourceDefinitions: elsewhere null is the same as absent. */
  readonly nullable?: boolean;
}

export interface StructSchema extends Common {
  readonly kind: 'struct';
  /** "v1.PodSpec" of built-in types; empty in a CustomResourceDefinition. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Schema>>;
  readonly required: readonly string[];
  /** One value for server-side apply, owned as a whole. */
  readonly atomic: boolean;
  /** Fields that are not declared stay. */
  readonly open: boolean;
  /** A whole object with apiVersion, kind and metadata. */
  readonly embedded: boolean;
}

export interface MapSchema extends Common {
  readonly kind: 'map';
  readonly values: Schema;
  readonly atomic: boolean;
}

export interface ListSchema extends Common {
  readonly kind: 'list';
  readonly items: Schema;
  readonly listType: ListType;
  /** The fields that name an element of a list of type `map`. */
  readonly mapKeys: readonly string[];
  /** The field that names an element in a strategic merge patch. */
  readonly mergeKey?: string;
}

export interface ScalarSchema extends Common {
  readonly kind: 'scalar';
  readonly type: ScalarType;
}

/** The type of a JSON value: built-in kinds and CustomResourceDefinitions alike. */
export type Schema = StructSchema | MapSchema | ListSchema | ScalarSchema;

/** Any JSON value, untouched. */
export const ANY: ScalarSchema = Object.freeze({ kind: 'scalar', type: 'any' });
