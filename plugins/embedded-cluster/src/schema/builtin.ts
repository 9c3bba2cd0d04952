import { typesData } from '../kinds/data/types/index.ts';
import type { ListType, ScalarType, Schema, StructSchema } from './schema.ts';

/** One field as the data file has it: a scalar `type`, a `ref` to another type, or a `list` or `map` of such. */
interface FieldData {
  readonly type?: ScalarType;
  readonly ref?: string;
  readonly list?: FieldData;
  readonly map?: FieldData;
  readonly listType?: ListType;
  readonly mapKeys?: readonly string[];
  readonly mergeKey?: string;
  readonly patch?: string;
  readonly atomic?: boolean;
  readonly default?: unknown;
  readonly zero?: 'drop' | 'keep' | 'null';
}

interface TypeData {
  readonly fields: Readonly<Record<string, FieldData>>;
  readonly required?: readonly string[];
  readonly atomic?: boolean;
}

const parsed = new Map<string, Readonly<Record<string, TypeData>>>();
const schemas = new Map<string, StructSchema>();

/** The schema of a built-in type by its short name: "core.v1.PodSpec", "meta.v1.ObjectMeta". */
export function builtinSchema(name: string): StructSchema {
  const schema = findBuiltinSchema(name);
  if (schema === undefined) throw new Error(`There is no type "${name}" in the data`);
  return schema;
}

/** As `builtinSchema`, for names that may be of no type: messages that protobuf has and JSON has not. */
export function findBuiltinSchema(name: string): StructSchema | undefined {
  const known = schemas.get(name);
  if (known !== undefined) return known;
  const data = typesOf(name.split('.')[0] ?? '')[name];
  if (data === undefined) return undefined;
  const schema = struct(name, data);
  schemas.set(name, schema);
  return schema;
}

/** Names of all built-in types. */
export function builtinTypeNames(): readonly string[] {
  return Object.keys(typesData).flatMap((group) => Object.keys(typesOf(group)));
}

/** The types of a group, parsed when first asked for; those of no group are in one of their own. */
function typesOf(group: string): Readonly<Record<string, TypeData>> {
  const key = Object.hasOwn(typesData, group) ? group : 'machinery';
  let types = parsed.get(key);
  if (types === undefined) {
    types = JSON.parse(typesData[key] ?? '{}') as Readonly<Record<string, TypeData>>;
    parsed.set(key, types);
  }
  return types;
}

/** Fields are made when first looked at: types refer to each other in circles, and most are never used. */
function struct(name: string, data: TypeData): StructSchema {
  let fields: Record<string, Schema> | undefined;
  return {
    kind: 'struct',
    name: name.split('.').slice(-2).join('.'),
    get fields() {
      return (fields ??= Object.fromEntries(
        Object.entries(data.fields).map(([field, fieldData]) => [field, fieldSchema(fieldData)]),
      ));
    },
    required: data.required ?? [],
    atomic: data.atomic ?? false,
    open: false,
    embedded: false,
  };
}

function fieldSchema(data: FieldData): Schema {
  const common = {
    ...(data.default === undefined ? {} : { default: data.default }),
    ...(data.zero === undefined ? {} : { zero: data.zero }),
    ...(data.patch === undefined ? {} : { patch: data.patch.split(',') }),
  };
  if (data.list !== undefined) {
    return {
      kind: 'list',
      items: fieldSchema(data.list),
      listType: data.listType ?? 'atomic',
      mapKeys: data.mapKeys ?? [],
      ...(data.mergeKey === undefined ? {} : { mergeKey: data.mergeKey }),
      ...common,
    };
  }
  if (data.map !== undefined) {
    return { kind: 'map', values: fieldSchema(data.map), atomic: data.atomic ?? false, ...common };
  }
  if (data.ref !== undefined) return reference(data.ref, data.atomic, common);
  return { kind: 'scalar', type: data.type ?? 'any', ...common };
}

function reference(name: string, atomic: boolean | undefined, common: Partial<StructSchema>): StructSchema {
  const target = builtinSchema(name);
  return {
    kind: 'struct',
    name: target.name,
    get fields() {
      return target.fields;
    },
    required: target.required,
    atomic: atomic ?? target.atomic,
    open: false,
    embedded: false,
    ...common,
  };
}
