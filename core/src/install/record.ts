import type { KubeObject } from '../kernel/component.ts';
import { EpinioError, hasCode } from '../kernel/errors.ts';
import type { Kube } from '../ports/kube.ts';
import type { PlatformSettings } from '../ports/settings.ts';
import { canonical, MANAGED_BY, MANAGER, type PartRef } from './part-ref.ts';

/** Name of the ConfigMap, in the platform's namespace, that holds the record. */
export const RECORD_NAME = 'epinio-installation';
const KEY = 'record.json';
const FORMAT = 1;
const FIELD_MANAGER = 'epinio/installer';

/** What is installed, or was about to be when the installer was interrupted. */
export interface InstallationRecord {
  readonly state: 'installing' | 'installed' | 'uninstalling';
  /** Of the Epinio that wrote it. */
  readonly version: string;
  readonly profile?: string;
  readonly settings: PlatformSettings;
  /** Each after all it needs. */
  readonly components: readonly RecordedComponent[];
}

/** A component of the installation: enough to make its plugin again, and to remove it without. */
export interface RecordedComponent {
  readonly id: string;
  /** Absent for what the platform itself installs. */
  readonly plugin?: RecordedPlugin;
  /** Ids of the components that come before it. */
  readonly needs: readonly string[];
  /** It was there before, made by others: it is used, and never changed or removed. Its parts are the platform's own. */
  readonly adopted?: boolean;
  /** `applied`: all parts are in the cluster. `ready`: its probes have passed too. */
  readonly state: 'pending' | 'applied' | 'ready';
  readonly parts: readonly RecordedPart[];
}

/** How the plugin is found and configured again. */
export interface RecordedPlugin {
  readonly contract: string;
  /** As it was written in the configuration. */
  readonly use: string;
  /** Absolute folder that `use` is looked up from, when it is not the command's own. */
  readonly folder?: string;
  /** Its `with:` part, without what its schema marks as secret. */
  readonly config: unknown;
}

/** One part, recorded before it is touched, so that nothing is ever in the cluster unrecorded. */
export interface RecordedPart {
  readonly ref: PartRef;
  /** Of the part as it was applied. */
  readonly digest: string;
  readonly state: 'pending' | 'applied' | 'removing';
  /** It was applied after the rest of its component, and is removed before it. */
  readonly late?: boolean;
  /** It was there before, made by others: it is never removed. */
  readonly adopted?: boolean;
}

/**
 * Reads the record. @returns undefined when nothing is installed. Fails with `INSTALL_RECORD_NEWER` or
 * `INSTALL_RECORD_UNREADABLE`.
 */
export async function readRecord(
  kube: Kube,
  namespace: string,
  signal?: AbortSignal,
): Promise<InstallationRecord | undefined> {
  return (await readVersioned(kube, namespace, signal))?.record;
}

interface Versioned {
  readonly record: InstallationRecord;
  readonly resourceVersion: string | undefined;
}

async function readVersioned(
  kube: Kube,
  namespace: string,
  signal?: AbortSignal,
): Promise<Versioned | undefined> {
  const found = await kube.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: RECORD_NAME }, signal);
  if (found === undefined) return undefined;
  return { record: recordIn(found, namespace), resourceVersion: found.metadata.resourceVersion };
}

/** The record that the ConfigMap `RECORD_NAME` holds. Fails as `readRecord` does. */
export function recordIn(configMap: KubeObject, namespace: string): InstallationRecord {
  return parseRecord((configMap['data'] as Readonly<Record<string, string>> | undefined)?.[KEY], namespace);
}

function parseRecord(text: string | undefined, namespace: string): InstallationRecord {
  const where = `The installation record (ConfigMap "${RECORD_NAME}" in namespace "${namespace}")`;
  let parsed: { readonly format?: unknown } & InstallationRecord;
  try {
    parsed = JSON.parse(text ?? '') as typeof parsed;
  } catch (error) {
    throw new EpinioError('INSTALL_RECORD_UNREADABLE', `${where} is not JSON`, {
      fault: 'system',
      cause: error,
    });
  }
  if (typeof parsed.format === 'number' && parsed.format > FORMAT) {
    throw new EpinioError(
      'INSTALL_RECORD_NEWER',
      `${where} was written by a newer Epinio, version ${parsed.version}`,
      {
        fix: `use Epinio ${parsed.version} or newer`,
      },
    );
  }
  if (parsed.format !== FORMAT || !Array.isArray(parsed.components)) {
    throw new EpinioError('INSTALL_RECORD_UNREADABLE', `${where} has no known form`, { fault: 'system' });
  }
  const { state, version, profile, settings, components } = parsed;
  return { state, version, ...(profile === undefined ? {} : { profile }), settings, components };
}

/**
 * Writes the record. Each write holds only when nobody else wrote in between, so two installers at once
 * end with `INSTALL_BUSY` for one of them. Writes that come while one is under way are joined: the
 * newest wins. A record that is what the cluster has is not written.
 */
export class RecordWriter {
  readonly #kube: Kube;
  readonly #namespace: string;
  #known: Versioned | undefined;
  #next: InstallationRecord | undefined;
  #writing: Promise<void> | undefined;

  private constructor(kube: Kube, namespace: string, known: Versioned | undefined) {
    this.#kube = kube;
    this.#namespace = namespace;
    this.#known = known;
  }

  /** Reads what is there; writes nothing. */
  static async open(kube: Kube, namespace: string, signal?: AbortSignal): Promise<RecordWriter> {
    return new RecordWriter(kube, namespace, await readVersioned(kube, namespace, signal));
  }

  /** As it was read or last written; undefined when there is none. */
  get record(): InstallationRecord | undefined {
    return this.#known?.record;
  }

  /** Resolves when this record, or a newer one, is in the cluster. */
  save(record: InstallationRecord): Promise<void> {
    this.#next = record;
    this.#writing ??= this.#drain();
    return this.#writing;
  }

  /** Removes the record; succeeds when it is already gone. */
  async remove(): Promise<void> {
    await this.#writing;
    await this.#kube.delete({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: this.#namespace,
      name: RECORD_NAME,
    });
    this.#known = undefined;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // so that `save` has noted this promise before it is taken back below
    try {
      while (this.#next !== undefined) {
        const record = this.#next;
        this.#next = undefined;
        if (canonical(record) !== canonical(this.#known?.record)) this.#known = await this.#write(record);
      }
    } finally {
      this.#writing = undefined; // together with the last look at `#next`: nothing can come in between
    }
  }

  async #write(record: InstallationRecord): Promise<Versioned> {
    const data = { [KEY]: JSON.stringify({ format: FORMAT, ...record }) };
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: this.#namespace, name: RECORD_NAME };
    try {
      const written =
        this.#known === undefined
          ? await this.#kube.create(this.#object(data))
          : await this.#kube.patch(
              ref,
              { type: 'merge', patch: { metadata: { resourceVersion: this.#known.resourceVersion }, data } },
              { fieldManager: FIELD_MANAGER },
            );
      return { record, resourceVersion: written.metadata.resourceVersion };
    } catch (error) {
      if (!['KUBE_CONFLICT', 'KUBE_ALREADY_EXISTS', 'KUBE_NOT_FOUND'].some((code) => hasCode(error, code)))
        throw error;
      throw new EpinioError(
        'INSTALL_BUSY',
        'Another installation is changing the platform at the same time',
        {
          fix: 'let it end, then run the command again',
          status: 409,
          cause: error,
        },
      );
    }
  }

  #object(data: Readonly<Record<string, string>>): KubeObject {
    const labels = { [MANAGED_BY]: MANAGER };
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: RECORD_NAME, namespace: this.#namespace, labels },
      data,
    };
  }
}
