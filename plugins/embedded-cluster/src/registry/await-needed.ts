import type { JsonObject } from '../json.ts';
import type { Store } from '../storage/store.ts';
import type { Resource } from './resource.ts';

/** How long a creation waits for what a controller is about to make: no longer than a real API server does. */
const WAIT_MS = 1000;

/** Resolves when what a new object has to find is there, or after a second: then it is refused for what it lacks. */
export async function awaitNeeded(
  store: Store,
  resource: Resource,
  object: JsonObject,
  namespace = '',
): Promise<void> {
  const needed = resource.rules.awaits?.(object, namespace);
  if (needed === undefined || store.newest('/namespaces', namespace) === undefined) return;
  const isThere = (): boolean => store.newest(needed.collection, needed.key) !== undefined;
  if (isThere()) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    };
    const timer = setTimeout(done, WAIT_MS);
    const unsubscribe = store.collection(needed.collection).subscribe(() => {
      if (isThere()) done();
    });
  });
}
