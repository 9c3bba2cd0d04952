import { contract } from '../kernel/plugin.ts';
import type { MetadataPatch } from './mesh.ts';

/** Makes copies of a Secret follow it into other namespaces. */
export interface SecretSync {
  /** Pure: metadata for the source Secret; `group` names the set of namespaces that get copies. */
  sourceMetadata(group: string): MetadataPatch;
  /** Pure: metadata that puts a namespace into the set. */
  targetMetadata(group: string): MetadataPatch;
}

export const secretSync = contract<SecretSync>('secret-sync');
