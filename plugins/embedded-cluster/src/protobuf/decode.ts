import { Reader } from 'protobufjs/minimal.js';
import { badRequest } from '../status.ts';
import { protobufData } from '../kinds/data/protobuf/index.ts';
import { textOf, type JsonObject } from '../json.ts';
import { findBuiltinSchema } from '../schema/builtin.ts';
import { WELL_KNOWN } from './well-known.ts';

/** Field number -> JSON name, how many, type; of a map the type of its values comes last. */
type Message = Readonly<Record<string, readonly [string, 'one' | 'list' | 'map', string, string?]>>;

/** What every Kubernetes protobuf body begins with; after it comes a runtime.Unknown. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
/** Messages nest; deeper than this is an attack. */
const MAX_DEPTH = 100;

const parsed = new Map<string, Readonly<Record<string, Message>>>();

/** Messages are parsed by group, when one of the group is first asked for. */
function messageOf(name: string): Message | undefined {
  const prefix = name.split('.')[0] ?? '';
  const group = Object.hasOwn(protobufData, prefix) ? prefix : 'machinery';
  let messages = parsed.get(group);
  if (messages === undefined) {
    messages = JSON.parse(protobufData[group] ?? '{}') as Readonly<Record<string, Message>>;
    parsed.set(group, messages);
  }
  return messages[name];
}

/**
 * A protobuf body of a built-in kind as its JSON form, with apiVersion and kind. Fields that the API does not know are
 * dropped, as protobuf has it. Fails with 400.
 */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC))
    throw badRequest(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  try {
    const { typeMeta, raw } = read('runtime.Unknown', body.subarray(MAGIC.length)) as {
      typeMeta?: JsonObject;
      raw?: string;
    };
    const apiVersion = textOf(typeMeta?.['apiVersion']);
    const kind = textOf(typeMeta?.['kind']);
    const type = typeName(apiVersion, kind);
    if (messageOf(type) === undefined)
      throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { kind, apiVersion, ...(read(type, Buffer.from(raw ?? '', 'base64')) as JsonObject) };
  } catch (error) {
    if (error instanceof RangeError)
      throw badRequest(`the protobuf body is cut off or malformed: ${error.message}`);
    throw error;
  }
}

/** "apps/v1", "Deployment" -> "apps.v1.Deployment"; options are of no group. */
function typeName(apiVersion: string, kind: string): string {
  if (kind.endsWith('Options') && messageOf(`meta.v1.${kind}`) !== undefined) return `meta.v1.${kind}`;
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  return `${group.split('.')[0] ?? ''}.${version}.${kind}`;
}

function read(type: string, bytes: Uint8Array): unknown {
  const reader = Reader.create(bytes);
  return readMessage(reader, reader.len, type, 0);
}

function readMessage(reader: Reader, end: number, type: string, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new RangeError('it is nested too deeply');
  const message = messageOf(type) ?? {};
  const result: JsonObject = {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = message[tag >>> 3];
    if (field === undefined) {
      reader.skipType(tag & 7);
      continue;
    }
    const [name, many, fieldType, valueType = ''] = field;
    if (many === 'map') {
      const [key, value] = readEntry(reader, valueType, depth + 1);
      ((result[name] ??= {}) as JsonObject)[key] = value;
    } else if (many === 'list') {
      ((result[name] ??= []) as unknown[]).push(readValue(reader, fieldType, depth + 1));
    } else {
      result[name] = readValue(reader, fieldType, depth + 1);
    }
  }
  if (reader.pos !== end) throw new RangeError('a field is longer than its message');
  const toJson = WELL_KNOWN[type];
  return toJson === undefined ? flattened(type, result) : toJson(result);
}

/** Go embeds structs that JSON knows nothing of: what is no field of the JSON type is spread over it. */
function flattened(type: string, value: JsonObject): JsonObject {
  const fields = findBuiltinSchema(type)?.fields;
  if (fields === undefined || Object.keys(value).every((name) => name in fields)) return value;
  const result: JsonObject = {};
  for (const [name, inner] of Object.entries(value)) {
    if (name in fields) result[name] = inner;
    else if (typeof inner === 'object') Object.assign(result, inner);
  }
  return result;
}

function readEntry(reader: Reader, valueType: string, depth: number): [string, unknown] {
  const length = reader.uint32();
  const end = reader.pos + length;
  let key = '';
  let value: unknown = valueType === 'string' || valueType === 'bytes' ? '' : {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 === 2) value = readValue(reader, valueType, depth);
    else reader.skipType(tag & 7);
  }
  return [key, value];
}

function readValue(reader: Reader, type: string, depth: number): unknown {
  switch (type) {
    case 'string':
      return reader.string();
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return Number(reader.int64());
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'double':
      return reader.double();
    default: {
      const length = reader.uint32();
      return readMessage(reader, reader.pos + length, type, depth);
    }
  }
}
