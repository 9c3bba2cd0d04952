import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/*
 * LMDB maps its file into memory and trusts what it finds there: a truncated file ends the process with SIGBUS, a
 * damaged page with SIGSEGV. So the tree is walked before LMDB sees it. Offsets are those of LMDB's data
 * version 2 on a little-endian 64-bit machine (mdb.c: MDB_page_header, MDB_meta, MDB_db, MDB_node).
 */
const HEADER = 24;
const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const BIG_DATA = 0x01;
const SUB_DATABASE = 0x02;
const EMPTY_TREE = 0xffff_ffff_ffff_ffffn;
const MAGIC = 0xbeefc0de;

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly roots: readonly bigint[];
}

/** Reads every page that the newest commit reaches. Throws a plain Error that says what is wrong. */
export function checkPages(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    const size = fstatSync(descriptor).size;
    const meta = newestMeta(descriptor, size);
    const pages = Math.min(meta.lastPage + 1, Math.floor(size / meta.pageSize));
    const page = Buffer.alloc(meta.pageSize);
    const open: number[] = meta.roots.filter((root) => root !== EMPTY_TREE).map(Number);
    for (let number = open.pop(), visited = 0; number !== undefined; number = open.pop(), visited++) {
      if (number >= pages) throw new Error(`page ${number} lies behind the end of the file`);
      if (visited > pages) throw new Error('its pages form a circle');
      readSync(descriptor, page, 0, meta.pageSize, number * meta.pageSize);
      for (const next of pagesBelow(page, number, pages)) open.push(next);
    }
  } finally {
    closeSync(descriptor);
  }
}

function newestMeta(descriptor: number, size: number): Meta {
  const first = Buffer.alloc(HEADER + 144);
  readSync(descriptor, first, 0, first.length, 0);
  const pageSize = first.readUInt32LE(48);
  if (size < 2 * pageSize || pageSize < 512 || first.readUInt32LE(HEADER) !== MAGIC) {
    throw new Error(`it is no database (${size} bytes)`);
  }
  const second = Buffer.alloc(first.length);
  readSync(descriptor, second, 0, second.length, pageSize);
  if (second.readUInt32LE(HEADER) !== MAGIC) throw new Error('its second meta page is damaged');
  const newest = second.readBigUInt64LE(152) > first.readBigUInt64LE(152) ? second : first;
  return {
    pageSize,
    lastPage: Number(newest.readBigUInt64LE(144)),
    roots: [newest.readBigUInt64LE(88), newest.readBigUInt64LE(136)],
  };
}

/** Checks one tree page. @returns the pages it points at, but those of large values, which are checked here. */
function pagesBelow(page: Buffer, number: number, pages: number): number[] {
  const flags = page.readUInt16LE(18) & (BRANCH | LEAF | OVERFLOW);
  const lower = page.readUInt16LE(20);
  if (
    Number(page.readBigUInt64LE(0)) !== number ||
    (flags !== BRANCH && flags !== LEAF) ||
    lower > page.length - HEADER
  ) {
    throw new Error(`page ${number} is damaged`);
  }
  const below: number[] = [];
  for (let index = 0; index < lower >> 1; index++) {
    const node = HEADER + page.readUInt16LE(HEADER + 2 * index);
    if (node + 8 > page.length) throw new Error(`page ${number} is damaged`);
    const low = page.readUInt32LE(node);
    const nodeFlags = page.readUInt16LE(node + 4);
    const data = node + 8 + page.readUInt16LE(node + 6);
    if (flags === BRANCH) {
      below.push(low + nodeFlags * 2 ** 32);
    } else if ((nodeFlags & BIG_DATA) !== 0) {
      const first = Number(page.readBigUInt64LE(data));
      if (first + Math.ceil((low + HEADER) / page.length) > pages)
        throw new Error(`the value on page ${first} is cut off`);
    } else if (data + low > page.length) {
      throw new Error(`page ${number} is damaged`);
    } else if ((nodeFlags & SUB_DATABASE) !== 0) {
      const root = page.readBigUInt64LE(data + 40);
      if (root !== EMPTY_TREE) below.push(Number(root));
    }
  }
  return below;
}
