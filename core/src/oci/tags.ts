import { text } from 'node:stream/consumers';
import type { ImageReference } from './reference.ts';
import { corrupt } from './registry-error.ts';
import type { Session } from './session.ts';

const PAGE = 500;

/** OCI distribution-spec, "Listing Tags", page by page. */
export async function* listTags(
  session: Session,
  image: ImageReference,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const what = `list the tags of "${image.repository}"`;
  let path: string | URL | undefined = `tags/list?n=${PAGE}`;
  while (path !== undefined) {
    const answer = await session.request(image, {
      method: 'GET',
      path,
      what,
      expect: [200, 404],
      actions: 'pull',
      signal,
    });
    const body = await text(session.http.read(answer.stream));
    if (answer.status === 404) return;
    yield* readTags(body, image, what);
    path = nextPage(answer.headers['link'], answer.url);
  }
}

function readTags(body: string, image: ImageReference, what: string): string[] {
  try {
    const { tags } = JSON.parse(body) as { tags?: string[] | null };
    return tags ?? []; // some registries say null for none
  } catch {
    throw corrupt(image.registry, what, 'it is no JSON');
  }
}

/** RFC 8288: `<url>; rel="next"`. */
function nextPage(link: string | string[] | undefined, from: URL): URL | undefined {
  const target = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec([link ?? []].flat().join(', '))?.[1];
  return target === undefined ? undefined : new URL(target, from);
}
