import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { readToml } from './toml.ts';
import type { Table, TomlReader } from './toml.ts';

/** Buildpack API versions that this lifecycle speaks. */
export const BUILDPACK_APIS: readonly string[] = ['0.10', '0.11', '0.12'];

/** A folder with a `buildpack.toml`: component (`bin/detect`, `bin/build`) or composite (`order`). */
export interface Buildpack {
  readonly id: string;
  readonly version: string;
  readonly api: string;
  readonly name: string | undefined;
  readonly homepage: string | undefined;
  /** The user's build environment is then only found in files. */
  readonly clearEnv: boolean;
  readonly directory: string;
  readonly targets: readonly Target[];
  /** Not empty: a composite buildpack. */
  readonly order: readonly OrderGroup[];
  readonly metadata: Table;
}

export interface Target {
  readonly os: string | undefined;
  readonly arch: string | undefined;
  readonly distros: readonly { readonly name: string | undefined; readonly version: string | undefined }[];
}

/** One line of `[[order.group]]`. */
export interface OrderElement {
  readonly id: string;
  readonly version: string;
  readonly optional: boolean;
}

export type OrderGroup = readonly OrderElement[];

/** How an id is written in the name of a folder. */
export function escapedId(id: string): string {
  return id.replaceAll('/', '_');
}

/** As people and logs name it: "epinio/nodejs 0.1.0". */
export function buildpackName(buildpack: { readonly id: string; readonly version: string }): string {
  return `${buildpack.id} ${buildpack.version}`;
}

/** Where a buildpack lies: Platform Interface Specification, "Buildpacks Directory Layout". */
export function buildpackDirectory(
  buildpacks: string,
  element: Pick<OrderElement, 'id' | 'version'>,
): string {
  return join(buildpacks, escapedId(element.id), element.version);
}

/** Reads a buildpack's descriptor; fails when there is none or when it speaks another API. */
export function readBuildpack(directory: string): Buildpack {
  const file = join(directory, 'buildpack.toml');
  const toml = readToml(file, EXIT.detect);
  if (toml === undefined)
    throw new LifecycleError(EXIT.detect, `Buildpack "${directory}" has no buildpack.toml`);
  const described = toml.child('buildpack');
  const buildpack: Buildpack = {
    id: described.requiredString('id'),
    version: described.requiredString('version'),
    api: toml.requiredString('api'),
    name: described.string('name'),
    homepage: described.string('homepage'),
    clearEnv: described.boolean('clear-env'),
    directory,
    targets: toml.children('targets').map(target),
    order: readOrder(toml),
    metadata: toml.child('metadata').table,
  };
  if (!BUILDPACK_APIS.includes(buildpack.api)) {
    throw new LifecycleError(
      EXIT.buildpackApi,
      `Buildpack "${buildpack.id}" needs Buildpack API ${buildpack.api}, this lifecycle speaks ${BUILDPACK_APIS.join(', ')}`,
    );
  }
  for (const program of buildpack.order.length === 0 ? ['detect', 'build'] : []) {
    if (existsSync(join(directory, 'bin', program))) continue;
    throw new LifecycleError(EXIT.detect, `Buildpack "${buildpack.id}" has no bin/${program}`);
  }
  return buildpack;
}

/** The `[[order]]` of an order.toml or of a composite buildpack. */
export function readOrder(toml: TomlReader): readonly OrderGroup[] {
  return toml.children('order').map((group) =>
    group.children('group').map((element) => ({
      id: element.requiredString('id'),
      version: element.requiredString('version'),
      optional: element.boolean('optional'),
    })),
  );
}

function target(toml: TomlReader): Target {
  return {
    os: toml.string('os'),
    arch: toml.string('arch'),
    distros: toml.children('distros').map((distro) => ({
      name: distro.string('name'),
      version: distro.string('version'),
    })),
  };
}
