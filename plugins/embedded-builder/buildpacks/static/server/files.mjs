import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** Never served: files of the platform, and those that begin with a dot but for /.well-known. */
const HIDDEN = new Set(['epinio.yml', 'epinio.yaml', 'Procfile', 'node_modules']);
/** Larger files are known by their size, beginning and end, so that a first request is not slow. */
const HASHED_WHOLE = 8 * 1024 * 1024;
const SAMPLE = 1024 * 1024;

/** The files of one folder. They do not change while it is served: an image is made once. */
export class Files {
  #root;
  #tags = new Map();

  constructor(root) {
    this.#root = root;
  }

  /**
   * The file at a path of "/"-separated names, decoded.
   * @returns undefined when there is none, or none to be shown; `isFolder` when the path lacks its last slash
   */
  async find(path) {
    const names = path.split('/').filter((name) => name !== '');
    if (names.some((name, index) => isHidden(name, index)) || path.includes('\0') || path.includes('\\'))
      return undefined;
    const exact = await this.#stat(names);
    if (exact?.isFile() && !path.endsWith('/')) return this.#file(names, exact);
    if (exact?.isDirectory()) {
      const index = await this.#stat([...names, 'index.html']);
      if (!index?.isFile()) return undefined;
      return path.endsWith('/') ? this.#file([...names, 'index.html'], index) : { isFolder: true };
    }
    if (names.length === 0 || path.endsWith('/')) return undefined;
    const page = [...names.slice(0, -1), `${names.at(-1)}.html`];
    const found = await this.#stat(page);
    return found?.isFile() ? this.#file(page, found) : undefined;
  }

  /** The same file compressed beforehand, where there is one that the client takes. */
  async compressed(file, acceptEncoding) {
    for (const [encoding, ending] of [
      ['br', '.br'],
      ['gzip', '.gz'],
    ]) {
      if (!accepts(acceptEncoding, encoding)) continue;
      const names = [...file.names.slice(0, -1), file.names.at(-1) + ending];
      const found = await this.#stat(names);
      if (found?.isFile()) return { ...(await this.#file(names, found)), encoding };
    }
    return undefined;
  }

  /** Of the whole content, as an ETag has it. */
  async tag(file) {
    const known = this.#tags.get(file.path);
    if (known !== undefined) return known;
    const tag = `"${await hash(file)}"`;
    this.#tags.set(file.path, tag);
    return tag;
  }

  /** Links that lead out of the folder are as if they were not there. */
  async #stat(names) {
    try {
      const real = await realpath(join(this.#root, ...names));
      if (real !== this.#root && !real.startsWith(this.#root === sep ? sep : this.#root + sep))
        return undefined;
      return await stat(real);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'].includes(error.code)) return undefined;
      throw error;
    }
  }

  #file(names, { size }) {
    return { names, path: join(this.#root, ...names), name: names.at(-1), size };
  }
}

function isHidden(name, index) {
  if (name === '.well-known' && index === 0) return false;
  return name.startsWith('.') || (index === 0 && HIDDEN.has(name));
}

function accepts(header, encoding) {
  return header.split(',').some((part) => {
    const [name, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

async function hash({ path, size }) {
  const sum = createHash('sha256');
  if (size <= HASHED_WHOLE) {
    for await (const chunk of createReadStream(path)) sum.update(chunk);
  } else {
    sum.update(String(size));
    const file = await open(path);
    try {
      for (const position of [0, size - SAMPLE]) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE), 0, SAMPLE, position);
        sum.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }
  return sum.digest('base64url').slice(0, 27);
}
