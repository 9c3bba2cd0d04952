import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { EpinioError, messageOf, type Environment } from '@epinio/core';
import { parse } from 'yaml';

/** A kubeconfig that was put together from files. */
export interface Kubeconfig {
  readonly document: KubeconfigDocument;
  /** The files it came from, as a person would name them. */
  readonly source: string;
}

export interface KubeconfigDocument {
  readonly apiVersion: 'v1';
  readonly kind: 'Config';
  readonly 'current-context': string;
  readonly clusters: readonly Entry[];
  readonly contexts: readonly Entry[];
  readonly users: readonly Entry[];
}

interface Entry {
  readonly name: string;
  readonly [field: string]: unknown;
}

/** Fields that name a file, which is meant from the kubeconfig's own folder. */
const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/**
 * Reads the kubeconfig as `kubectl` would: the file that is named, else those of KUBECONFIG, else the one at home.
 * Of several files the first that has a name counts. @returns undefined when there is none at all. Fails with
 * `KUBECONFIG_MISSING` for a named file that is not there, and with `KUBECONFIG_INVALID`.
 */
export async function readKubeconfigFiles(
  named: string | undefined,
  environment: Environment,
): Promise<Kubeconfig | undefined> {
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  const files =
    named !== undefined
      ? [resolve(named)]
      : listed.length > 0
        ? listed
        : [join(homedir(), '.kube', 'config')];
  const documents: Partial<KubeconfigDocument>[] = [];
  const found: string[] = [];
  for (const file of files) {
    const document = await readDocument(file);
    if (document === undefined) continue;
    documents.push(document);
    found.push(file);
  }
  if (documents.length > 0) return { document: merged(documents), source: found.join(', ') };
  if (named === undefined && listed.length === 0) return undefined;
  const list = files.map((file) => `"${file}"`).join(', ');
  throw new EpinioError('KUBECONFIG_MISSING', `There is no kubeconfig in ${list}`, {
    fix: named === undefined ? 'set KUBECONFIG to a file that is there' : 'name a file that is there',
  });
}

async function readDocument(file: string): Promise<Partial<KubeconfigDocument> | undefined> {
  try {
    const document: unknown = parse(await readFile(file, 'utf8'));
    if (document === null) return undefined; // an empty file, as kubectl makes them
    if (typeof document !== 'object' || Array.isArray(document)) throw new TypeError('it is not a map');
    return withAbsolutePaths(document, dirname(resolve(file)));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new EpinioError(
      'KUBECONFIG_INVALID',
      `The kubeconfig "${file}" cannot be read: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

function merged(documents: readonly Partial<KubeconfigDocument>[]): KubeconfigDocument {
  const entries = (key: 'clusters' | 'contexts' | 'users'): readonly Entry[] => {
    const byName = new Map<string, Entry>();
    for (const entry of documents.flatMap((document) => document[key] ?? []))
      if (!byName.has(entry.name)) byName.set(entry.name, entry);
    return [...byName.values()];
  };
  const current = documents.map((document) => document['current-context'] ?? '').find((name) => name !== '');
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current ?? '',
    clusters: entries('clusters'),
    contexts: entries('contexts'),
    users: entries('users'),
  };
}

function withAbsolutePaths<T>(value: T, folder: string): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => withAbsolutePaths(item, folder)) as T;
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    const isPath = PATHS.includes(key) && typeof inner === 'string' && inner !== '' && !isAbsolute(inner);
    return [key, isPath ? join(folder, inner) : withAbsolutePaths(inner, folder)];
  });
  return Object.fromEntries(entries) as T;
}
