import { createHash } from 'node:crypto';

/** Everything that decides what a build makes. */
export interface BuildInputs {
  /** SHA-256 of the sources' archive. */
  readonly sha256: string;
  readonly builderImage: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** One hash over the inputs of a build: equal hashes mean that the image at hand is the one that would be built. */
export function buildInputsHash({ sha256, builderImage, environment }: BuildInputs): string {
  const variables = Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([sha256, builderImage, variables]))
    .digest('hex');
}
