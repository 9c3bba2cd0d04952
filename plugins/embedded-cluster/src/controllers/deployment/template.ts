import { createHash } from 'node:crypto';
import type { Deployment, ObjectMeta, PodTemplateSpec, ReplicaSet } from '@epinio/core';
import { equal } from '../../json.ts';
import { canonical } from '../revisions/canonical.ts';

export const TEMPLATE_HASH = 'pod-template-hash';

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A short name for what a template says; equal templates have equal ones. */
export function templateHash(template: PodTemplateSpec, collisions: number): string {
  const digest = createHash('sha256').update(canonical(template)).update(String(collisions)).digest();
  return [...digest.subarray(0, 10)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** The set that was made of the deployment's present template. */
export function isOfTemplate(set: ReplicaSet, deployment: Deployment): boolean {
  return equal(withoutHash(set.spec.template), withoutHash(deployment.spec.template));
}

/** Labels with the hash, which tells the pods of one set from those of another. */
export function hashedTemplate(template: PodTemplateSpec, hash: string): PodTemplateSpec {
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH]: hash };
  return { ...template, metadata: { ...template.metadata, labels } };
}

function withoutHash(template: PodTemplateSpec | undefined): object {
  const { metadata = {}, spec } = template ?? {};
  const labels = Object.fromEntries(
    Object.entries(metadata.labels ?? {}).filter(([name]) => name !== TEMPLATE_HASH),
  );
  const { annotations = {} } = metadata as Partial<ObjectMeta>;
  return { labels, annotations, spec };
}
