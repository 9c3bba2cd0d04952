import { isObject, type JsonObject } from '../json.ts';
import { conversionError } from './go-text.ts';
import { canonicalQuantity, QUANTITY_ERROR } from './quantity.ts';
import type { ScalarType, Schema, StructSchema } from './schema.ts';
import { canonicalMicroTime, canonicalTime } from './time.ts';

/** The value does not have the type that its field wants. Worded as Go's JSON decoder does. */
export class DecodeError extends Error {
  /** The same, as it is worded when the value was not read from a text but made by a strategic merge. */
  readonly conversion: string | undefined;

  constructor(message: string, conversion?: string) {
    super(message);
    this.conversion = conversion;
  }
}

/**
 * Takes a JSON value through a built-in type as the real API server does by decoding into a Go struct and encoding
 * it again: unknown fields go (each is told to `unknown` with its path), empty values that are not written
 * go, those that always are come, times and quantities get their canonical form.
 * The result shares nothing that can change with the input but values of type `any`.
 */
export function decode(schema: StructSchema, value: unknown, unknown: (path: string) => void): JsonObject {
  return new Decoder(unknown).struct(schema, value);
}

/** The zero value of a field: what is written when nothing was given. */
function zeroOf(schema: Schema): unknown {
  if (schema.kind === 'struct') return decode(schema, {}, () => undefined);
  if (schema.kind !== 'scalar') return null;
  return ZEROS[schema.type];
}

const ZEROS: Readonly<Record<ScalarType, unknown>> = {
  string: '',
  boolean: false,
  int32: 0,
  int64: 0,
  double: 0,
  bytes: null,
  time: null,
  microtime: null,
  quantity: '0',
  'int-or-string': 0,
  any: null,
};

const GO_TYPES: Readonly<Record<ScalarType, string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
  time: 'v1.Time',
  microtime: 'v1.MicroTime',
  quantity: 'resource.Quantity',
  'int-or-string': 'intstr.IntOrString',
  any: 'interface {}',
};

const always = new WeakMap<object, readonly (readonly [string, Schema])[]>();

/** Fields that are written even when they are absent: with their default, zero value or null. */
function alwaysWritten(fields: Readonly<Record<string, Schema>>): readonly (readonly [string, Schema])[] {
  let found = always.get(fields);
  if (found === undefined) {
    found = Object.entries(fields).filter(
      ([, field]) => field.zero === 'keep' || field.zero === 'null' || field.default !== undefined,
    );
    always.set(fields, found);
  }
  return found;
}

class Decoder {
  readonly #unknown: (path: string) => void;
  readonly #path: string[] = [];
  #owner = '';

  constructor(unknown: (path: string) => void) {
    this.#unknown = unknown;
  }

  struct(schema: StructSchema, value: unknown): JsonObject {
    if (!isObject(value)) this.#refuse(value, schema.name);
    const result: JsonObject = {};
    const { fields } = schema;
    for (const name of Object.keys(value)) {
      const field = fields[name];
      if (field === undefined || !Object.hasOwn(fields, name)) {
        if (schema.open) result[name] = value[name];
        else this.#unknown(this.#at(name));
        continue;
      }
      const given = value[name];
      if (given === null || given === undefined) continue;
      this.#path.push(`.${name}`);
      const before = this.#owner;
      this.#owner = schema.name;
      const decoded = this.#value(field, given);
      this.#owner = before;
      this.#path.pop();
      if (!omitted(field, decoded)) result[name] = decoded;
    }
    for (const [name, field] of alwaysWritten(fields)) {
      result[name] ??= field.default ?? (field.zero === 'null' ? null : zeroOf(field));
    }
    return result;
  }

  #value(schema: Schema, value: unknown): unknown {
    if (schema.kind === 'struct') return this.struct(schema, value ?? {});
    if (schema.kind === 'scalar')
      return value === null ? ZEROS[schema.type] : this.#scalar(schema.type, value);
    if (schema.kind === 'list') {
      if (!Array.isArray(value)) this.#refuse(value, goType(schema));
      return value.map((item, index) => {
        this.#path.push(`[${index}]`);
        const decoded = this.#value(schema.items, item);
        this.#path.pop();
        return decoded;
      });
    }
    if (!isObject(value)) this.#refuse(value, goType(schema));
    const result: JsonObject = {};
    for (const name of Object.keys(value)) {
      if (name === '__proto__') continue;
      this.#path.push(`[${name}]`);
      result[name] = this.#value(schema.values, value[name]);
      this.#path.pop();
    }
    return result;
  }

  #scalar(type: ScalarType, value: unknown): unknown {
    switch (type) {
      case 'any':
        return value;
      case 'string':
        return typeof value === 'string' ? value : this.#refuse(value, 'string');
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#refuse(value, 'bool');
      case 'double':
        return typeof value === 'number' ? value : this.#refuse(value, 'float64');
      case 'int32':
        return isInteger(value) && Math.abs(value) <= 0x7fff_ffff ? value : this.#refuse(value, type);
      case 'int64':
        return isInteger(value) ? value : this.#refuse(value, type);
      case 'int-or-string':
        return typeof value === 'string' || isInteger(value) ? value : this.#refuse(value, GO_TYPES[type]);
      case 'quantity':
        return canonicalQuantity(value) ?? fail(QUANTITY_ERROR);
      case 'bytes':
        return typeof value === 'string' ? this.#bytes(value) : this.#refuse(value, '[]uint8');
      case 'time':
        return canonicalTime(value) ?? fail(timeError(value));
      case 'microtime':
        return canonicalMicroTime(value) ?? fail(timeError(value));
    }
  }

  #bytes(value: string): string {
    const text = value.replace(/[\r\n]/g, '');
    const wrong = /[^A-Za-z0-9+/]/.exec(text.replace(/={0,2}$/, ''))?.index;
    if (wrong !== undefined || text.length % 4 !== 0)
      fail(`illegal base64 data at input byte ${wrong ?? text.length - (text.length % 4)}`);
    return text;
  }

  #at(name: string): string {
    return `${this.#path.join('')}.${name}`.slice(1);
  }

  #refuse(value: unknown, wanted: string): never {
    const given = Array.isArray(value) ? 'array' : value === null ? 'null' : jsonType(value);
    const path = this.#path.filter((part) => !part.startsWith('[')).join('');
    const place = path === '' ? 'Go value' : `Go struct field ${this.#owner.replace(/^.*\./, '')}${path}`;
    throw new DecodeError(
      `json: cannot unmarshal ${given} into ${place} of type ${wanted}`,
      conversionError(value, wanted),
    );
  }
}

function fail(message: string): never {
  throw new DecodeError(message);
}

function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

function jsonType(value: unknown): string {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  return typeof value;
}

function goType(schema: Schema): string {
  if (schema.kind === 'struct') return schema.name;
  if (schema.kind === 'scalar') return GO_TYPES[schema.type];
  return schema.kind === 'list' ? `[]${goType(schema.items)}` : `map[string]${goType(schema.values)}`;
}

function timeError(value: unknown): string {
  const given = JSON.stringify(value);
  return `parsing time ${given} as "2006-01-02T15:04:05Z07:00": cannot parse ${given} as "2006"`;
}

/** True for values that Go's `omitempty` and `omitzero` leave out. */
function omitted(field: Schema, value: unknown): boolean {
  if (field.zero === 'keep' || field.zero === 'null') return false;
  if (field.kind === 'list') return (value as readonly unknown[]).length === 0;
  if (field.kind === 'map') return Object.keys(value as object).length === 0;
  if (field.zero !== 'drop') return false;
  if (field.kind === 'struct') return Object.keys(value as object).length === 0;
  return value === '' || value === 0 || value === false || value === null;
}
