import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EpinioError, messageOf } from '@epinio/core';
import * as z from 'zod';

/** Scalars of YAML where the API has text: `PORT: 80`, `DEBUG: true`. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const gitSchema = z.object({
  url: z.string(),
  revision: text.optional(),
  provider: z.string().optional(),
  branch: z.string().optional(),
  gitconfig: z.string().optional(),
});

/** The published manifest. Unknown keys are ignored, as the published client does. */
const manifestSchema = z.object({
  name: text.optional(),
  namespace: z.string().optional(),
  configuration: z
    .object({
      instances: z.int().min(0).optional(),
      environment: z.record(z.string(), text).optional(),
      replace_env: z.boolean().optional(),
      services: z.array(z.string()).optional(),
      configurations: z.array(z.string()).optional(),
      routes: z.array(z.string()).optional(),
      appchart: z.string().optional(),
      settings: z.record(z.string(), text).optional(),
      ignore: z.array(z.string()).optional(),
    })
    .nullish(),
  staging: z.object({ builder: z.string().optional() }).nullish(),
  origin: z
    .object({
      path: z.string().optional(),
      archive: z.boolean().optional(),
      git: gitSchema.optional(),
      container: z.string().optional(),
    })
    .nullish(),
});

type Git = z.output<typeof gitSchema>;

/** Where the application comes from: exactly one of the three. */
export type Origin =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'git'; readonly git: Git }
  | { readonly kind: 'container'; readonly container: string };

export interface Manifest {
  /** The file, for messages; absent when there is none. */
  readonly file?: string;
  readonly name?: string;
  readonly configuration: NonNullable<z.output<typeof manifestSchema>['configuration']>;
  readonly builder?: string;
  readonly origin: Origin;
}

/**
 * Reads a manifest; a missing file counts as an empty one, as published, unless it was `named`.
 * Without an origin the application is the manifest's folder.
 */
export async function readManifest(path: string, named: boolean): Promise<Manifest> {
  const here = dirname(path);
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !named) return { configuration: {}, origin: { kind: 'path', path: here } };
    const directory = code === 'EISDIR';
    throw new EpinioError(
      'MANIFEST_UNREADABLE',
      `The manifest "${path}" cannot be read: ${directory ? 'it is a folder' : messageOf(cause)}`,
      {
        cause,
        fix: directory
          ? `epinio push --name NAME --path ${path}`
          : 'give the path of a manifest file, or --name and --path',
      },
    );
  }
  const { parse } = await import('yaml');
  let content: unknown;
  try {
    content = parse(source) ?? {};
  } catch (cause) {
    throw new EpinioError('MANIFEST_INVALID', `bad yaml in the manifest "${path}": ${messageOf(cause)}`, {
      cause,
    });
  }
  const checked = manifestSchema.safeParse(content);
  if (!checked.success) {
    throw new EpinioError('MANIFEST_INVALID', `The manifest "${path}" is not valid`, {
      details: checked.error.issues.map(
        ({ path: at, message }) => `${at.join('.') || 'manifest'}: ${message}`,
      ),
    });
  }
  const { name, configuration, staging, origin } = checked.data;
  return {
    file: path,
    ...(name === undefined ? {} : { name }),
    configuration: configuration ?? {},
    ...(staging?.builder === undefined ? {} : { builder: staging.builder }),
    origin: originOf(path, origin ?? {}),
  };
}

function originOf(
  file: string,
  {
    path,
    git,
    container,
  }: { path?: string | undefined; git?: Git | undefined; container?: string | undefined },
): Origin {
  if ([path, git, container].filter((value) => value !== undefined).length > 1) {
    throw new EpinioError(
      'MANIFEST_INVALID',
      `Cannot use \`path\`, \`git\`, and \`container\` keys together in "${file}"`,
    );
  }
  if (git !== undefined) return { kind: 'git', git };
  if (container !== undefined) return { kind: 'container', container };
  return { kind: 'path', path: resolve(dirname(file), path ?? '.') };
}
