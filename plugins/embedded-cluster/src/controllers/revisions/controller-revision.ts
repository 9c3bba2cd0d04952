import { createHash } from 'node:crypto';
import type { KubeObject, PodTemplateSpec } from '@epinio/core';
import { equal } from '../../json.ts';
import { canonical } from './canonical.ts';

/** One version of what a StatefulSet or DaemonSet makes its pods of. */
export interface ControllerRevision extends KubeObject {
  readonly apiVersion: 'apps/v1';
  readonly kind: 'ControllerRevision';
  readonly revision: number;
  readonly data?: unknown;
}

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** What a revision keeps: the strategic merge patch that `kubectl rollout undo` applies. */
export function revisionData(template: PodTemplateSpec): object {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

/** A short name for a revision's data. */
export function revisionHash(data: object, collisions: number): string {
  const digest = createHash('sha256').update(canonical(data)).update(String(collisions)).digest();
  return [...digest.subarray(0, 10)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** The template that a revision keeps. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { spec } = data as { readonly spec: { readonly template: PodTemplateSpec & { $patch?: string } } };
  return Object.fromEntries(
    Object.entries(spec.template).filter(([name]) => name !== '$patch'),
  ) as unknown as PodTemplateSpec;
}

export function isSameData(revision: ControllerRevision, data: object): boolean {
  return equal(revision.data, data);
}

/** Oldest first. */
export function byRevision(a: ControllerRevision, b: ControllerRevision): number {
  return (
    a.revision - b.revision ||
    Date.parse(a.metadata.creationTimestamp ?? '') - Date.parse(b.metadata.creationTimestamp ?? '') ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}
