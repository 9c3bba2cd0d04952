import { isObject, objectAt, type JsonObject } from '../../json.ts';
import { builtinSchema } from '../../schema/builtin.ts';
import { ANY, type ListType, type Schema, type StructSchema } from '../../schema/schema.ts';

/** The schema of a whole custom resource: its own fields, and those that every object has. */
export function customSchema(openApi: JsonObject | undefined): StructSchema {
  const own = openApi === undefined ? undefined : structuralSchema(openApi);
  const fields = own?.kind === 'struct' ? own.fields : {};
  return {
    kind: 'struct',
    name: '',
    fields: {
      ...fields,
      ...IDENTITY,
      metadata: {
        ...builtinSchema('meta.v1.ObjectMeta'),
        fields: builtinSchema('meta.v1.ObjectMeta').fields,
      },
    },
    required: own?.kind === 'struct' ? own.required : [],
    atomic: false,
    open: own === undefined || (own.kind === 'struct' && own.open),
    embedded: false,
  };
}

const IDENTITY: Readonly<Record<string, Schema>> = {
  apiVersion: { kind: 'scalar', type: 'string' },
  kind: { kind: 'scalar', type: 'string' },
};

/** A structural schema (OpenAPI v3 with x-kubernetes extensions) as the machinery uses it. */
export function structuralSchema(openApi: JsonObject): Schema {
  const common = {
    ...(openApi['default'] === undefined ? {} : { default: openApi['default'] }),
    ...(openApi['nullable'] === true ? { nullable: true } : {}),
  };
  const open = openApi['x-kubernetes-preserve-unknown-fields'] === true;
  const atomic = openApi['x-kubernetes-map-type'] === 'atomic';
  if (openApi['x-kubernetes-int-or-string'] === true)
    return { kind: 'scalar', type: 'int-or-string', ...common };
  switch (openApi['type']) {
    case 'object':
      break;
    case 'array':
      return {
        kind: 'list',
        items: isObject(openApi['items']) ? structuralSchema(openApi['items']) : ANY,
        listType: listTypeOf(openApi['x-kubernetes-list-type']),
        mapKeys: stringsOf(openApi['x-kubernetes-list-map-keys']),
        ...common,
      };
    case 'string':
      return { kind: 'scalar', type: 'string', ...common };
    case 'boolean':
      return { kind: 'scalar', type: 'boolean', ...common };
    case 'integer':
      return { kind: 'scalar', type: 'int64', ...common };
    case 'number':
      return { kind: 'scalar', type: 'double', ...common };
    default:
      return { ...ANY, ...common };
  }
  const values = openApi['additionalProperties'];
  if (isObject(values)) return { kind: 'map', values: structuralSchema(values), atomic, ...common };
  if (values === true) return { kind: 'map', values: ANY, atomic, ...common };
  const embedded = openApi['x-kubernetes-embedded-resource'] === true;
  const fields = Object.fromEntries(
    Object.entries(objectAt(openApi, 'properties')).map(([name, field]) => [
      name,
      isObject(field) ? structuralSchema(field) : ANY,
    ]),
  );
  return {
    kind: 'struct',
    name: '',
    fields: embedded ? { ...fields, ...IDENTITY, metadata: builtinSchema('meta.v1.ObjectMeta') } : fields,
    required: stringsOf(openApi['required']),
    atomic,
    open,
    embedded,
    ...common,
  };
}

function listTypeOf(value: unknown): ListType {
  return value === 'set' || value === 'map' ? value : 'atomic';
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
