import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EpinioError } from '@epinio/core';
import { hostProgramFolders } from '../sandbox/host-system.ts';
import { postgres } from './postgres.ts';
import { redis, valkey } from './redis.ts';
import type { ServiceImage } from './service-image.ts';

const SERVICE_IMAGES: readonly ServiceImage[] = [postgres, redis, valkey];
const VERSION_MS = 5000;
/** What every system has; the platform's own PATH may leave it out. */
const SYSTEM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/bin', '/sbin'];

/** A service image with the program that serves it here. */
export interface FoundServiceImage {
  readonly image: ServiceImage;
  /** Where the program is. */
  readonly folder: string;
  /** "redis-server 7.0.15", for people. */
  readonly version: string;
}

/**
 * The stand-in for an image; undefined when the reference is of another image, or names one by its digest: a
 * program of this machine is not what that promises. Fails with `IMAGE_NOT_SERVED` when the program is not here.
 */
export async function findServiceImage(
  reference: string,
  hostPath: string,
): Promise<FoundServiceImage | undefined> {
  const repository = repositoryOf(reference);
  const image = SERVICE_IMAGES.find(({ repositories }) => repositories.includes(repository ?? ''));
  if (image === undefined) return undefined;
  const { program, programFolders = [] } = image;
  const folders = [
    ...programFolders.flatMap(versionFolders),
    ...new Set([...hostProgramFolders(hostPath), ...SYSTEM_FOLDERS]),
  ];
  const folder = folders.find((each) => existsSync(join(each, program)));
  if (folder === undefined) {
    throw new EpinioError(
      'IMAGE_NOT_SERVED',
      `image "${reference}" stands for the program "${program}" of this machine, which is not installed`,
      { fix: `apt install ${image.package}` },
    );
  }
  return { image, folder, version: await versionOf(join(folder, program)) };
}

/** Of an image of docker.io, without what may be left out of its name. */
function repositoryOf(reference: string): string | undefined {
  if (reference.includes('@')) return undefined;
  return reference
    .replace(/:[^:/]*$/, '')
    .replace(/^(index\.|registry-1\.)?docker\.io\//, '')
    .replace(/^library\//, '');
}

/** The folders that there are, highest version first. */
function versionFolders(pattern: string): readonly string[] {
  const parent = dirname(dirname(pattern));
  const [before = '', after = ''] = basename(dirname(pattern)).split('*');
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => ({ name, version: parseFloat(name.slice(before.length)) }))
    .filter(({ version }) => !Number.isNaN(version))
    .sort((a, b) => b.version - a.version)
    .map(({ name }) => join(parent, name, basename(pattern)));
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: VERSION_MS, env: {} });
  const version = /\d+(\.\d+)+/.exec(stdout)?.[0];
  return version === undefined ? basename(program) : `${basename(program)} ${version}`;
}
