import { resolve } from 'node:path';
import { EpinioError } from '@epinio/core';
import type { AppUpdateRequest } from '../client/models.ts';
import { readConfiguration } from '../commands/app/configuration-options.ts';
import { textOption, type Options } from '../command.ts';
import { readManifest, type Origin } from './manifest.ts';

/** All that a push needs to know, from flags and manifest: every flag replaces the manifest's whole value. */
export interface PushRequest {
  readonly manifest: string;
  readonly name: string;
  readonly origin: Origin;
  readonly builder?: string;
  readonly configuration: AppUpdateRequest;
  /** Patterns of files that are not uploaded. */
  readonly ignore: readonly string[];
}

const MAX_NAME_LENGTH = 253;
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Reads flags and manifest, and checks what can be checked without a server. */
export async function readPushRequest(
  manifestPath: string | undefined,
  options: Options,
  cwd: string,
): Promise<PushRequest> {
  const flagOrigin = originFromFlags(options, cwd);
  const manifest = await readManifest(resolve(cwd, manifestPath ?? 'epinio.yml'), manifestPath !== undefined);
  const name = textOption(options, 'name') ?? manifest.name;
  if (name === undefined) {
    throw new EpinioError('USAGE_WRONG', 'Name required, not found in manifest nor options', {
      fix: 'epinio push --name NAME, or write "name: NAME" into epinio.yml',
    });
  }
  if (name.length > MAX_NAME_LENGTH) {
    throw new EpinioError('USAGE_WRONG', `app name incorrect: "${name}" has ${name.length} characters`, {
      fix: `use at most ${MAX_NAME_LENGTH}`,
    });
  }
  if (!NAME.test(name)) {
    throw new EpinioError('USAGE_WRONG', `app name incorrect: "${name}"`, {
      fix: 'use lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit',
    });
  }
  const { ignore = [], ...fromManifest } = manifest.configuration;
  const builder = textOption(options, 'builderImage') ?? manifest.builder;
  return {
    manifest: manifest.file ?? '<<Defaults>>',
    name,
    origin: flagOrigin ?? manifest.origin,
    ...(builder === undefined ? {} : { builder }),
    configuration: withoutUndefined({ ...fromManifest, services: undefined, ...readConfiguration(options) }),
    ignore,
  };
}

function originFromFlags(options: Options, cwd: string): Origin | undefined {
  const path = textOption(options, 'path');
  const git = textOption(options, 'git');
  const container = textOption(options, 'containerImageUrl');
  if ([path, git, container].filter((value) => value !== undefined).length > 1) {
    throw new EpinioError(
      'USAGE_WRONG',
      'Cannot use `--path`, `--git`, and `--container-image-url` options together',
      {
        fix: 'give one of them',
      },
    );
  }
  if (path !== undefined) return { kind: 'path', path: resolve(cwd, path) };
  if (container !== undefined) return { kind: 'container', container };
  if (git === undefined) return undefined;
  const [url = '', revision, ...more] = git.split(',');
  if (url === '' || more.length > 0) {
    throw new EpinioError(
      'USAGE_WRONG',
      `Bad --git reference git \`${git}\`, expected \`repo?,rev?\` as value`,
    );
  }
  const gitconfig = textOption(options, 'gitConfig');
  return {
    kind: 'git',
    git: { url, ...(revision ? { revision } : {}), ...(gitconfig === undefined ? {} : { gitconfig }) },
  };
}

function withoutUndefined(configuration: Record<string, unknown>): AppUpdateRequest {
  return Object.fromEntries(Object.entries(configuration).filter(([, value]) => value !== undefined));
}
