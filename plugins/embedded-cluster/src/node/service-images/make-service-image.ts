import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageRecord } from '../image/image-folder.ts';
import type { FoundServiceImage } from './find-service-image.ts';

const ENTRYPOINT = '/entrypoint/run.sh';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What is known of the image before it is made; the same program and script give the same digest. */
export function serviceImageRecord({ image, folder, version }: FoundServiceImage, boot: string): ImageRecord {
  const { env, command, workingDir, stopSignal, portVariables } = image;
  const config = {
    Entrypoint: ['/bin/sh', ENTRYPOINT],
    Cmd: [...command],
    Env: Object.entries({ PATH: `${folder}:${PATH}`, ...env }).map(([name, value]) => `${name}=${value}`),
    WorkingDir: workingDir,
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
  };
  const content = JSON.stringify([config, image, version]);
  return {
    digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
    config,
    bytes: image.entrypoint.length,
    entries: image.folders.length + 2,
    boot,
    servedBy: version,
    portVariables,
  };
}

/** Writes the image to its folder: appears whole or not at all. */
export function makeServiceImage({ image }: FoundServiceImage, record: ImageRecord, folder: string): void {
  const temporary = `${folder}.${randomUUID()}.tmp`;
  try {
    const root = join(temporary, 'root');
    for (const path of ['entrypoint', ...image.folders]) mkdirSync(join(root, path), { recursive: true });
    writeFileSync(join(root, ENTRYPOINT), image.entrypoint);
    chmodSync(join(root, ENTRYPOINT), 0o755);
    writeFileSync(join(temporary, 'image.json'), JSON.stringify(record));
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
