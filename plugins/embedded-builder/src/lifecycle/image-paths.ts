import { dirname, posix } from 'node:path';

/** Folders of an application image. It has no base: these and `/cnb` are all there is. */
export const IMAGE_APP = '/workspace';
export const IMAGE_LAYERS = '/layers';

/** Where the two were while the image was built; elsewhere than in the image where builds have no mounts of their own. */
export interface BuildPaths {
  readonly app: string;
  readonly layers: string;
}

/** What may stand before a path in a value, and after it: "PATH=/a:/b", `--root="/a"`, "/a,/b". */
const BEFORE = String.raw`(?<=^|[\s:;,='"])`;
const AFTER = String.raw`(?=$|[\s:;,='"/])`;

/** Pure: a value in which paths of the build are those of the image. */
export function toImagePaths(value: string, paths: BuildPaths): string {
  return replacePath(replacePath(value, paths.layers, IMAGE_LAYERS), paths.app, IMAGE_APP);
}

function replacePath(value: string, from: string, to: string): string {
  if (from === to) return value;
  return value.replace(new RegExp(BEFORE + escapePattern(from) + AFTER, 'g'), () => to);
}

/**
 * Pure: the target of a symbolic link as the image has it. An absolute target inside the image becomes a
 * relative one, so that it holds wherever the image is unpacked; others are left as they are.
 */
export function imageLinkTarget(link: string, target: string, paths: BuildPaths): string {
  if (!target.startsWith('/')) return target;
  const inImage = toImagePaths(target, paths);
  const isInside = [IMAGE_APP, IMAGE_LAYERS].some(
    (root) => inImage === root || inImage.startsWith(`${root}/`),
  );
  return isInside ? posix.relative(dirname(`/${link}`), inImage) || '.' : target;
}

/** Splits a value at the image's paths: `root` goes before each piece but the first. */
export function splitAtImagePaths(value: string): readonly string[] {
  return value.split(new RegExp(`${BEFORE}(?=(?:${IMAGE_APP}|${IMAGE_LAYERS})${AFTER})`, 'g'));
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
