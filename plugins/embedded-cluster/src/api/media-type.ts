import { noRepresentation, notAcceptable } from '../status.ts';

/** How a client wants an answer written. */
export interface MediaType {
  readonly format: 'json' | 'yaml';
  /** Whole objects, a table for people, or metadata alone. */
  readonly as: 'object' | 'table' | 'metadata' | 'metadata list';
  /** The version of meta.k8s.io that a table or metadata is in. */
  readonly version: 'v1' | 'v1beta1';
  /** Indented, for eyes. */
  readonly pretty: boolean;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What bodies may come in, and answers go out: protobuf is read, but written as JSON, which its clients take. */
export const MEDIA_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const STREAMS = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];

/** Whole objects in JSON. */
export const PLAIN: MediaType = {
  format: 'json',
  as: 'object',
  version: 'v1',
  pretty: false,
  parameters: new Map(),
};

/**
 * Chooses by the Accept header, the client's order of preference counting. Fails with 406.
 *
 * @param what whether objects can be shown as tables and metadata here, whether the answer is a stream of events, and whether it could be one
 */
export function negotiate(
  accept: string,
  what: { readonly objects: boolean; readonly stream?: boolean; readonly streamable?: boolean },
): MediaType {
  if (accept === 'application/json' || accept === '' || accept === '*/*') return PLAIN;
  const wanted = clauses(accept);
  if (!wanted.some((clause) => MEDIA_TYPES.some((type) => matches(clause.type, type))))
    throw noRepresentation(what.streamable === true ? [...MEDIA_TYPES, ...STREAMS] : MEDIA_TYPES);
  for (const clause of wanted) {
    for (const type of MEDIA_TYPES) {
      const found = matches(clause.type, type) ? mediaType(type, clause.parameters, what.objects) : undefined;
      if (found === undefined) continue;
      if (what.stream === true && found.format === 'yaml') throw notAcceptable(STREAMS);
      return found;
    }
  }
  throw notAcceptable(MEDIA_TYPES);
}

interface Clause {
  readonly type: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** The alternatives of an Accept header, the most wanted first. */
function clauses(accept: string): readonly Clause[] {
  const found = accept.split(',').map((part): Clause => {
    const [type = '', ...rest] = part.split(';').map((text) => text.trim());
    const parameters = new Map(
      rest.map((text) => [text.split('=', 1)[0] ?? '', text.slice(text.indexOf('=') + 1)] as const),
    );
    const quality = Number(parameters.get('q') ?? 1);
    parameters.delete('q');
    return { type: type.toLowerCase(), quality: Number.isNaN(quality) ? 0 : quality, parameters };
  });
  return found.sort((a, b) => b.quality - a.quality);
}

function matches(wanted: string, type: string): boolean {
  return wanted === type || wanted === 'application/*' || wanted === '*/*';
}

function mediaType(
  type: string,
  parameters: ReadonlyMap<string, string>,
  objects: boolean,
): MediaType | undefined {
  const protobuf = type.endsWith('protobuf');
  const stream = parameters.get('stream') ?? '';
  if (stream !== '' && (stream !== 'watch' || type.endsWith('yaml'))) return undefined;
  const as = shapeOf(parameters, objects);
  if (as === undefined || (as === 'table' && protobuf)) return undefined;
  return {
    format: type.endsWith('yaml') ? 'yaml' : 'json',
    as,
    version: parameters.get('v') === 'v1beta1' ? 'v1beta1' : 'v1',
    pretty: parameters.get('pretty') === '1',
    parameters,
  };
}

/** `as=Table;g=meta.k8s.io;v=v1`, or whole objects when none of these is given. */
function shapeOf(parameters: ReadonlyMap<string, string>, objects: boolean): MediaType['as'] | undefined {
  const [kind, group, version] = ['as', 'g', 'v'].map((name) => parameters.get(name));
  if (kind === undefined && group === undefined && version === undefined) return 'object';
  if (!objects || group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  switch (kind) {
    case 'Table':
      return 'table';
    case 'PartialObjectMetadata':
      return 'metadata';
    case 'PartialObjectMetadataList':
      return 'metadata list';
    default:
      return undefined;
  }
}
