import type { Clock, Informers, Kube, Log, MetadataPatch, RunHost, SecretSync } from '@epinio/core';
import { SYNC } from './copy.ts';
import { syncSecrets } from './sync-secrets.ts';

export interface SecretSyncNeeds {
  readonly kube: Kube;
  readonly informers: Informers;
  readonly log: Log;
  readonly clock: Clock;
}

/** Prefix of the labels that put a namespace into a group. */
const PREFIX = 'secret-sync.epinio.io';

/** Copies Secrets by kubed's annotation. The server runs it; declaring needs nothing but metadata. */
export class EmbeddedSecretSync implements SecretSync {
  readonly #needs: SecretSyncNeeds;

  constructor(needs: SecretSyncNeeds) {
    this.#needs = needs;
  }

  sourceMetadata(group: string): MetadataPatch {
    return { labels: {}, annotations: { [SYNC]: `${labelOf(group)}=true` } };
  }

  targetMetadata(group: string): MetadataPatch {
    return { labels: { [labelOf(group)]: 'true' }, annotations: {} };
  }

  run(host: RunHost): Promise<void> {
    return syncSecrets(this.#needs, host);
  }
}

/** A label a group, so that a namespace can be in several. */
function labelOf(group: string): string {
  return `${PREFIX}/${group}`;
}
