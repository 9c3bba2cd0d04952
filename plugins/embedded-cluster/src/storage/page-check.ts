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
const META = 0x08;
const BIG_DATA = 0x01;
const SUB_DATABASE = 0x02;
const EMPTY_TREE = 0xffff_ffff_ffff_ffffn;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
/** Positions in a meta page. */
const TXN_ID = 152;
const TREES = [48, 96] as const;

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  /** Number of the newest commit. */
  readonly commit: bigint;
  /** Of the free pages, and of the databases. */
  readonly trees: readonly Tree[];
}

/** One tree of pages. LMDB writes down how many entries it has: one that has others is an old or a foreign one. */
interface Tree {
  readonly root: bigint;
  readonly entries: number;
  found: number;
}

/** Reads every page that the newest commit reaches. Throws a plain Error that says what is wrong. */
export function checkPages(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    const size = fstatSync(descriptor).size;
    const meta = newestMeta(descriptor, size);
    const pages = Math.min(meta.lastPage + 1, Math.floor(size / meta.pageSize));
    const page = Buffer.alloc(meta.pageSize);
    const trees = [...meta.trees];
    let visited = 0;
    for (const tree of trees) {
      const open: number[] = tree.root === EMPTY_TREE ? [] : [Number(tree.root)];
      for (let number = open.pop(); number !== undefined; number = open.pop()) {
        if (number >= pages) throw new Error(`page ${number} lies behind the end of the file`);
        if (visited++ > pages) throw new Error('its pages form a circle');
        readSync(descriptor, page, 0, meta.pageSize, number * meta.pageSize);
        const commit = page.readBigUInt64LE(8);
        if (commit > meta.commit) throw new Error(`page ${number} is newer than the newest commit`);
        checkPage({ page, number, pages, tree }, (below) => {
          if (typeof below === 'number') open.push(below);
          else trees.push(below);
        });
      }
      if (tree.found !== tree.entries) throw new Error(`it has ${tree.found} of ${tree.entries} entries`);
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
  for (const meta of [first, second]) {
    checkMeta(meta);
    checkRoot(descriptor, meta);
  }
  const [newest, older] =
    second.readBigUInt64LE(TXN_ID) > first.readBigUInt64LE(TXN_ID) ? [second, first] : [first, second];
  // Commits write the two in turn; a damaged number would bring back the commit before the newest.
  if (newest.readBigUInt64LE(TXN_ID) - older.readBigUInt64LE(TXN_ID) !== 1n)
    throw new Error('its meta pages do not follow each other');
  for (const position of TREES) {
    if (newest.readUInt16LE(position + 4) !== older.readUInt16LE(position + 4))
      throw new Error('its meta pages differ');
  }
  return {
    pageSize,
    lastPage: Number(newest.readBigUInt64LE(144)),
    commit: newest.readBigUInt64LE(TXN_ID),
    trees: TREES.map((position) => treeAt(newest, position)),
  };
}

function checkMeta(meta: Buffer): void {
  const version = meta.readUInt32LE(HEADER + 4) & 0xffff;
  if (version !== DATA_VERSION) throw new Error(`it has LMDB's data version ${version}, not ${DATA_VERSION}`);
  const pages = meta.readBigUInt64LE(40) / BigInt(meta.readUInt32LE(48) || 1);
  if (meta.readUInt16LE(18) !== META || meta.readBigUInt64LE(144) >= pages)
    throw new Error('one of its meta pages is damaged');
}

/** Every commit makes a new root of the databases, which says so; LMDB keeps the last two. */
function checkRoot(descriptor: number, meta: Buffer): void {
  const { root } = treeAt(meta, TREES[1]);
  if (root === EMPTY_TREE) return;
  const header = Buffer.alloc(HEADER);
  readSync(descriptor, header, 0, HEADER, Number(root) * meta.readUInt32LE(48));
  if (header.readBigUInt64LE(8) !== meta.readBigUInt64LE(TXN_ID))
    throw new Error(`page ${root} is of another commit than its meta page`);
}

/** An MDB_db. */
function treeAt(bytes: Buffer, position: number): Tree {
  return {
    root: bytes.readBigUInt64LE(position + 40),
    entries: Number(bytes.readBigUInt64LE(position + 32)),
    found: 0,
  };
}

interface PageOfTree {
  readonly page: Buffer;
  readonly number: number;
  /** How many the file has. */
  readonly pages: number;
  readonly tree: Tree;
}

/** Checks one tree page, values on pages of their own included, and tells the pages and trees below it. */
function checkPage({ page, number, pages, tree }: PageOfTree, tell: (below: number | Tree) => void): void {
  const damaged = (): Error => new Error(`page ${number} is damaged`);
  const flags = page.readUInt16LE(18) & (BRANCH | LEAF | OVERFLOW);
  const lower = page.readUInt16LE(20);
  if (
    Number(page.readBigUInt64LE(0)) !== number ||
    (flags !== BRANCH && flags !== LEAF) ||
    lower > page.length - HEADER
  ) {
    throw damaged();
  }
  for (let index = 0; index < lower >> 1; index++) {
    const node = HEADER + page.readUInt16LE(HEADER + 2 * index);
    if (node + 8 > page.length) throw damaged();
    const low = page.readUInt32LE(node);
    const nodeFlags = page.readUInt16LE(node + 4);
    const data = node + 8 + page.readUInt16LE(node + 6);
    if (flags === BRANCH) {
      tell(low + nodeFlags * 2 ** 32);
      continue;
    }
    tree.found++;
    if (data > page.length) throw damaged();
    if ((nodeFlags & BIG_DATA) !== 0) {
      if (data + 8 > page.length) throw damaged();
      const first = Number(page.readBigUInt64LE(data));
      if (first + Math.ceil((low + HEADER) / page.length) > pages)
        throw new Error(`the value on page ${first} is cut off`);
    } else if (data + low > page.length) {
      throw damaged();
    } else if ((nodeFlags & SUB_DATABASE) !== 0) {
      if (data + 48 > page.length) throw damaged();
      tell(treeAt(page, data));
    }
  }
}
