import { mediaTypes, type OciDescriptor, type OciIndex } from '@epinio/core/oci';
import { readManifestContent } from '../layout/manifest-content.ts';
import { assertDigest, knownRepository, sendJson, type Exchange } from './exchange.ts';
import { OciError } from './oci-error.ts';

/** GET: "Listing Tags". */
export async function listTags(exchange: Exchange): Promise<void> {
  const repository = await knownRepository(exchange);
  const { items, headers } = page(exchange, await repository.tags(), `/v2/${exchange.name}/tags/list`);
  sendJson(exchange, { name: exchange.name, tags: items }, headers);
}

/** GET of `_catalog`: not in the specification, but every registry has it. */
export async function listRepositories(exchange: Exchange): Promise<void> {
  const { items, headers } = page(exchange, await exchange.store.names(), '/v2/_catalog');
  sendJson(exchange, { repositories: items }, headers);
}

/** GET: "Listing Referrers". Never 404, or clients would take the API for missing. */
export async function listReferrers(exchange: Exchange): Promise<void> {
  const { reference: subject, query, store, name } = exchange;
  assertDigest(subject);
  const wanted = query.get('artifactType');
  const repository = await store.find(name);
  const manifests: OciDescriptor[] = [];
  const seen = new Set<string>();
  for (const { digest, mediaType, size } of (await repository?.index()) ?? []) {
    if (seen.has(digest)) continue;
    seen.add(digest);
    const bytes = await repository?.readManifest(digest);
    const content = bytes && readManifestContent(bytes, mediaType);
    if (content === undefined || typeof content === 'string' || content.subject?.digest !== subject) continue;
    const { artifactType, annotations } = content;
    if (wanted !== null && artifactType !== wanted) continue;
    manifests.push({
      mediaType,
      digest,
      size,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
    });
  }
  const index: OciIndex = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  const headers: Record<string, string> = { 'content-type': mediaTypes.index };
  if (wanted !== null) headers['oci-filters-applied'] = 'artifactType';
  sendJson(exchange, index, headers);
}

/** The part of a sorted list that `n` and `last` ask for, and where the next one is. */
function page(
  { query }: Exchange,
  all: readonly string[],
  path: string,
): { items: readonly string[]; headers: Record<string, string> } {
  const last = query.get('last');
  const rest = last === null ? all : all.filter((item) => item > last);
  const count = query.get('n');
  if (count === null) return { items: rest, headers: {} };
  if (!/^\d{1,9}$/.test(count))
    throw new OciError(400, 'UNSUPPORTED', `n has to be a number, not ${JSON.stringify(count)}`);
  const items = rest.slice(0, Number(count));
  const end = items.at(-1);
  if (end === undefined || items.length === rest.length) return { items, headers: {} };
  const next = new URLSearchParams({ n: count, last: end });
  return { items, headers: { link: `<${path}?${next.toString()}>; rel="next"` } };
}
