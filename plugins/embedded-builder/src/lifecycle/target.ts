import { readFileSync } from 'node:fs';
import { arch, platform } from 'node:process';
import type { Buildpack } from './buildpack.ts';
import type { Environment } from './environment.ts';

/** Where the application will run: on the machine that builds it. */
export interface TargetMachine {
  readonly os: string;
  /** As Go and OCI spell it: amd64, arm64. */
  readonly arch: string;
  readonly distro: string | undefined;
  readonly distroVersion: string | undefined;
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** This machine, by `/etc/os-release` where there is one. */
export function thisMachine(releaseFile = '/etc/os-release'): TargetMachine {
  const release = readRelease(releaseFile);
  return {
    os: platform,
    arch: GO_ARCHITECTURES[arch] ?? arch,
    distro: release.get('ID'),
    distroVersion: release.get('VERSION_ID'),
  };
}

/** The `CNB_TARGET_*` variables. */
export function targetEnvironment(machine: TargetMachine): Environment {
  return {
    CNB_TARGET_OS: machine.os,
    CNB_TARGET_ARCH: machine.arch,
    ...(machine.distro !== undefined && { CNB_TARGET_DISTRO_NAME: machine.distro }),
    ...(machine.distroVersion !== undefined && { CNB_TARGET_DISTRO_VERSION: machine.distroVersion }),
  };
}

/** True when the buildpack declares no target, or one that fits; a field that it leaves out fits everything. */
export function fitsTarget(buildpack: Pick<Buildpack, 'targets'>, machine: TargetMachine): boolean {
  if (buildpack.targets.length === 0) return true;
  return buildpack.targets.some(
    (target) =>
      fits(target.os, machine.os) &&
      fits(target.arch, machine.arch) &&
      (target.distros.length === 0 ||
        target.distros.some(
          ({ name, version }) => fits(name, machine.distro) && fits(version, machine.distroVersion),
        )),
  );
}

function fits(wanted: string | undefined, have: string | undefined): boolean {
  return wanted === undefined || wanted === '' || wanted === have;
}

function readRelease(file: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const pairs = text.split('\n').map((line) => /^(\w+)="?([^"]*)"?$/.exec(line));
  return new Map(pairs.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])));
}
