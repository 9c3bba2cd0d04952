import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { OciImageConfig } from '@epinio/core/oci';
import type { ImageRoot } from '../sandbox/isolation.ts';
import { readTextIfAny } from '../files.ts';

/** An image that is unpacked here. */
export interface UnpackedImage {
  readonly digest: string;
  /** How to run it: the `config` of the image's configuration. */
  readonly config: NonNullable<OciImageConfig['config']>;
  readonly root: ImageRoot;
  /** Bytes of its files. */
  readonly bytes: number;
  /** Files, folders and links; absent for images of earlier versions. */
  readonly entries?: number | undefined;
  /** The program of this machine that stands in for the image, with its version. */
  readonly servedBy?: string | undefined;
  /** Variables that get the value of PORT. */
  readonly portVariables?: readonly string[] | undefined;
}

/** What is written beside the files of an image, last. */
export interface ImageRecord {
  readonly digest: string;
  readonly config: NonNullable<OciImageConfig['config']>;
  readonly bytes: number;
  readonly entries?: number;
  readonly servedBy?: string;
  readonly portVariables?: readonly string[];
  /** The boot that it was unpacked in. */
  readonly boot: string;
}

/** Folder name of a digest; `:` is not for file names. */
export function imageFolderName(digest: string): string {
  return digest.replace(':', '-');
}

/** @returns undefined when the image is not here, or not whole. */
export function readImageFolder(folder: string, boot: string): UnpackedImage | undefined {
  const text = readTextIfAny(join(folder, 'image.json'));
  if (text === undefined) return undefined;
  const record = JSON.parse(text) as ImageRecord;
  // Files of another boot are whole only if they were on the disk before it.
  if (record.boot !== boot && readTextIfAny(join(folder, 'durable')) === undefined) return undefined;
  return {
    digest: record.digest,
    config: record.config,
    bytes: record.bytes,
    entries: record.entries,
    servedBy: record.servedBy,
    portVariables: record.portVariables,
    root: imageRoot(join(folder, 'root')),
  };
}

function imageRoot(folder: string): ImageRoot {
  const entries = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    return lstatSync(path).isSymbolicLink() ? { name, link: readlinkSync(path) } : { name };
  });
  return { folder, entries, hasSystem: ['bin/sh', 'usr/bin/sh'].some((path) => exists(join(folder, path))) };
}

/** Links count, whatever they point to: their targets are the image's. */
function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
