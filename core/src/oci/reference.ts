import { EpinioError } from '../kernel/errors.ts';
import { parseDigest } from './digest.ts';

/** The name of an image in a registry. */
export interface ImageReference {
  /** Host with port, if any: "docker.io", "127.0.0.1:5000". */
  readonly registry: string;
  /** Path of lower-case segments: "library/nginx". */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const DEFAULT_REGISTRY = 'docker.io';
const DEFAULT_TAG = 'latest';
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const MAX_NAME = 255;

/**
 * Reads a reference as Docker does: "nginx" is "docker.io/library/nginx:latest"; the first segment is a
 * registry when it has a dot or a colon or is "localhost". Tag and digest may both be there; without either
 * the tag is "latest". Fails with `REFERENCE_INVALID`.
 */
export function parseReference(text: string): ImageReference {
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const tagged = at === -1 ? text : text.slice(0, at);
  const colon = tagged.lastIndexOf(':');
  const hasTag = colon > tagged.lastIndexOf('/');
  const tag = hasTag ? tagged.slice(colon + 1) : digest === undefined ? DEFAULT_TAG : undefined;
  const { registry, repository } = splitName(hasTag ? tagged.slice(0, colon) : tagged);

  if (!HOST.test(registry)) throw invalid(text, `"${registry}" is no registry host`);
  if (!isRepositoryName(repository))
    throw invalid(
      text,
      `"${repository}" is no repository name (lower-case letters, digits, ".", "_", "-" and "/")`,
    );
  if (tag !== undefined && !isTag(tag))
    throw invalid(text, `"${tag}" is no tag (at most 128 letters, digits, "_", "." and "-")`);
  if (digest !== undefined && parseDigest(digest) === undefined)
    throw invalid(text, `"${digest}" is no digest`);
  return {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The reference in full, so that `parseReference` gives the same again. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** OCI distribution-spec, "Pulling manifests": `<name>`. */
export function isRepositoryName(name: string): boolean {
  return name.length <= MAX_NAME && REPOSITORY.test(name);
}

/** OCI distribution-spec, "Pulling manifests": a tag. */
export function isTag(tag: string): boolean {
  return TAG.test(tag);
}

function splitName(name: string): { registry: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  if (!/[.:]/.test(first) && first !== 'localhost' && first.toLowerCase() === first) {
    return { registry: DEFAULT_REGISTRY, repository: slash === -1 ? `library/${name}` : name };
  }
  const repository = name.slice(slash + 1);
  const registry = first === 'index.docker.io' ? DEFAULT_REGISTRY : first;
  return {
    registry,
    repository:
      registry === DEFAULT_REGISTRY && !repository.includes('/') ? `library/${repository}` : repository,
  };
}

function invalid(text: string, why: string): EpinioError {
  return new EpinioError('REFERENCE_INVALID', `"${text}" is no image reference: ${why}`, {
    fix: 'Write it as registry/repository:tag, such as "registry.example.com/team/app:1.0"',
  });
}
