import { execFile } from 'node:child_process';
import {
  cpSync,
  lchownSync,
  readdirSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AttemptFolder, PodFolder } from '../layout.ts';
import type { UnpackedImage } from '../image/image-folder.ts';
import type { ImageRoot, Mount } from '../sandbox/isolation.ts';

const run = promisify(execFile);
/** Up to so many files are copied faster than programs for it are started. */
const FEW = 100;
/** More are copied by programs aside: Node.js would pass each file through this process. */
const COPY = 'cp -a "$0" "$1" && { [ -z "$2" ] || chown -R "$2" "$1"; }';

/**
 * Image folders that every container of the image shares, read-only: programs of a system, and what buildpacks
 * made (Cloud Native Buildpacks, "Layers" and lifecycle). Of all others each container gets a copy that it may
 * write to, as it would have its own layer of the file system elsewhere.
 */
const SHARED = new Set([
  'usr',
  'bin',
  'sbin',
  'lib',
  'lib32',
  'lib64',
  'libx32',
  'nix',
  'gnu',
  'layers',
  'cnb',
]);
/** Never taken from an image: the sandbox brings them. */
const OF_THE_SANDBOX = new Set(['proc', 'dev', 'sys', 'tmp', 'run']);

/** Makes the folders that only this run of the container has, and its copies of the image's folders. */
export async function makeContainerFolders(
  folder: AttemptFolder,
  { root: image, entries = Infinity }: Pick<UnpackedImage, 'root' | 'entries'>,
  uid: number | undefined,
): Promise<readonly Mount[]> {
  for (const [path, mode] of [
    [folder.tmp, 0o1777],
    [folder.home, 0o755],
  ] as const) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
    if (uid !== undefined) chownSync(path, uid, uid);
  }
  const names = image.entries
    .filter(({ name, link }) => link === undefined && !SHARED.has(name) && !OF_THE_SANDBOX.has(name))
    // Without a system of its own, an image's /etc would hide the host's.
    .filter(({ name }) => image.hasSystem || name !== 'etc')
    .map(({ name }) => name);
  for (const name of names) {
    mkdirSync(folder.copies, { recursive: true, mode: 0o711 });
    const source = join(image.folder, name);
    if (entries <= FEW) copyFew(source, folder.copy(name), uid);
    else
      await run('/bin/sh', ['-c', COPY, source, folder.copy(name), uid === undefined ? '' : `${uid}:${uid}`]);
  }
  return names.map((name) => ({ source: folder.copy(name), destination: `/${name}`, readOnly: false }));
}

function copyFew(source: string, target: string, uid: number | undefined): void {
  cpSync(source, target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  if (uid === undefined) return;
  lchownSync(target, uid, uid);
  if (!lstatSync(target).isDirectory()) return;
  for (const path of readdirSync(target, { recursive: true }))
    lchownSync(join(target, String(path)), uid, uid);
}

/** Removes what a container that has ended cannot need any more; its log and its exit stay. */
export async function removeContainerFolders(folder: AttemptFolder): Promise<void> {
  for (const path of [folder.tmp, folder.home, folder.copies])
    await rm(path, { recursive: true, force: true });
}

/** Makes the pod's own files of /etc that stay as they are. */
export function writePodEtc(folder: PodFolder, hostname: string, uid: number): void {
  mkdirSync(folder.etc, { recursive: true });
  const files = {
    hostname: `${hostname}\n`,
    // The first line with an id is the one that gives it its name.
    passwd: `app:x:${uid}:${uid}::/home/app:/bin/sh\nroot:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `app:x:${uid}:\nroot:x:0:\nnogroup:x:65534:\n`,
    'resolv.conf': existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf') : '',
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder.etc, name), content, { mode: 0o644 });
}

/**
 * Makes the place that a volume is mounted on, when it is inside of a shared folder of the image: there the
 * sandbox cannot. Links on the way are left to the sandbox, since outside of it they lead elsewhere.
 */
export function ensureMountPoint(image: ImageRoot, mount: Mount): void {
  const [top = '', ...rest] = mount.destination.split('/').filter(Boolean);
  if (
    !SHARED.has(top) ||
    rest.length === 0 ||
    !image.entries.some(({ name, link }) => name === top && link === undefined)
  )
    return;
  let path = join(image.folder, top);
  for (const [index, part] of rest.entries()) {
    path = join(path, part);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() === true) return;
    if (stats !== undefined) continue;
    if (index === rest.length - 1 && statSync(mount.source).isFile()) writeFileSync(path, '');
    else mkdirSync(path);
  }
}
