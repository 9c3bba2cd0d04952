import { readState } from '../deployments/app-state.ts';
import { isFinished } from '../deployments/record.ts';
import type { Caches } from '../apps/caches.ts';
import { labels } from '../apps/labels.ts';
import type { Storage } from '../contracts/storage.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { uploadedAt } from './blob-metadata.ts';

/** Long enough for anybody between an upload and its deployment. */
const KEPT_MS = 6 * 60 * 60_000;

/** Removes sources that were uploaded and then never deployed: by clients that went away, or pushes that were cut. */
export async function sweepSources(
  deps: {
    readonly storage: Pick<Storage, 'list' | 'delete'>;
    readonly caches: Pick<Caches, 'apps' | 'secrets'>;
    readonly clock: Clock;
    readonly log: Log;
  },
  signal: AbortSignal,
): Promise<number> {
  const { storage, caches, clock, log } = deps;
  let removed = 0;
  for await (const blob of storage.list(undefined, signal)) {
    const time = uploadedAt(blob);
    if (time === undefined || clock.now() - time < KEPT_MS || inUse(caches).has(blob.key)) continue;
    await storage.delete(blob.key, signal);
    removed += 1;
  }
  if (removed > 0) log.info('Removed sources that no application uses', { removed });
  return removed;
}

function inUse({ apps, secrets }: Pick<Caches, 'apps' | 'secrets'>): Set<string | undefined> {
  const current = apps.list().map(({ spec }) => spec.blobuid);
  const underWay = secrets
    .list()
    .filter(({ metadata }) => metadata.labels?.[labels.area] === 'deployment')
    .flatMap((secret) => readState(secret).records)
    .filter((record) => !isFinished(record))
    .map(({ blobUid }) => blobUid);
  return new Set([...current, ...underWay]);
}
