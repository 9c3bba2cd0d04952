import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EpinioError } from '@epinio/core';
import type { NodeLayout } from '../layout.ts';
import { MAX_PODS } from '../sandbox/user-ids.ts';
import { readPodRecord } from './pod-record.ts';

/**
 * Gives each pod a user id of its own. The data of a PersistentVolume belongs to one user for good, so pods that
 * mount it run as that user.
 */
export class PodUids {
  readonly #layout: NodeLayout;
  readonly #first: number;
  readonly #taken = new Set<number>();
  #next: number;

  /** @param seed makes two platforms on one machine begin at different ids */
  constructor(layout: NodeLayout, first: number, seed: number) {
    this.#layout = layout;
    this.#first = first;
    this.#next = first + (seed % MAX_PODS);
    mkdirSync(layout.volumes, { recursive: true, mode: 0o711 });
    for (const uid of readdirSync(layout.pods)) this.#note(readPodRecord(layout.pod(uid))?.uid);
    for (const volume of readdirSync(layout.volumes)) this.#note(statSync(join(layout.volumes, volume)).uid);
  }

  /** The user of a pod with these PersistentVolumes. Fails with `USERS_EXHAUSTED`. */
  take(volumes: readonly string[]): number {
    for (const volume of volumes) {
      const owner = statSync(this.#layout.persistentVolume(volume), { throwIfNoEntry: false })?.uid ?? 0;
      if (owner >= this.#first) return owner;
    }
    for (let tries = 0; tries < MAX_PODS; tries++) {
      const uid = this.#next;
      this.#next = uid + 1 < this.#first + MAX_PODS ? uid + 1 : this.#first;
      if (this.#taken.has(uid)) continue;
      this.#taken.add(uid);
      return uid;
    }
    throw new EpinioError('USERS_EXHAUSTED', `All ${MAX_PODS} user ids for pods are taken`, {
      fix: 'Delete pods or PersistentVolumeClaims',
      fault: 'system',
    });
  }

  /** The pod is gone; a user that owns a PersistentVolume is kept for it. */
  release(uid: number): void {
    const owners = readdirSync(this.#layout.volumes).map(
      (name) => statSync(join(this.#layout.volumes, name)).uid,
    );
    if (!owners.includes(uid)) this.#taken.delete(uid);
  }

  #note(uid: number | undefined): void {
    if (uid === undefined || uid < this.#first || uid >= this.#first + MAX_PODS) return;
    this.#taken.add(uid);
    if (uid >= this.#next) this.#next = uid + 1 < this.#first + MAX_PODS ? uid + 1 : this.#first;
  }
}
