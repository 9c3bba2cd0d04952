import { execFile } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EpinioError, type Log } from '@epinio/core';
import { createBubblewrap } from './bubblewrap.ts';
import { execLaunch } from './exec-launch.ts';
import { hostSystemArguments } from './host-system.ts';
import type { ContainerSpec, Isolation } from './isolation.ts';
import { createPlainProcess } from './plain-process.ts';
import { firstPodUid, isReachableByAll } from './user-ids.ts';

const PROBE_MS = 10_000;
const INSTALL = 'install bubblewrap (apt install bubblewrap, dnf install bubblewrap, apk add bubblewrap)';

export interface IsolationOptions {
  /** "auto" takes the best that works; "bubblewrap" fails without it; "process" never uses it. */
  readonly wanted: 'auto' | 'bubblewrap' | 'process';
  /** The node's folder: pods' files are below it. */
  readonly folder: string;
  /** Further real folders that pods see. */
  readonly hostFolders: readonly string[];
  readonly log: Log;
}

/**
 * Finds out by running it what keeps pods apart on this machine, and says it once in the log.
 * Fails with `ISOLATION_UNAVAILABLE` when bubblewrap was asked for and does not work.
 */
export async function chooseIsolation({
  wanted,
  folder,
  hostFolders,
  log,
}: IsolationOptions): Promise<Isolation> {
  const reasons: string[] = [];
  if (wanted !== 'process') {
    for (const candidate of await bubblewraps(hostFolders, reasons)) {
      const failure = await probe(candidate, folder);
      if (failure === undefined) {
        log.info('Pods are isolated', { by: candidate.description });
        return candidate;
      }
      reasons.push(failure);
    }
    if (wanted === 'bubblewrap') {
      throw new EpinioError('ISOLATION_UNAVAILABLE', 'bubblewrap does not work on this machine', {
        fix: `${INSTALL}, allow user namespaces, or set "isolation: auto"`,
        details: reasons,
        fault: 'system',
      });
    }
  }
  const uid = firstPodUid();
  const users = uid !== undefined && isReachableByAll(folder);
  const description = users
    ? 'user ids only: each pod is a plain process of a user of its own'
    : 'nothing: pods are plain processes that can read the files of the user who runs the platform';
  log.warn(`Pods are isolated by ${description}`, {
    fix: wanted === 'process' ? undefined : INSTALL,
    reasons,
  });
  return createPlainProcess(users ? { description, firstUid: uid } : { description });
}

async function bubblewraps(hostFolders: readonly string[], reasons: string[]): Promise<Isolation[]> {
  const [bwrap, nsenter, setpriv] = await findPrograms('bwrap', 'nsenter', 'setpriv');
  if (process.platform !== 'linux' || bwrap === undefined) {
    reasons.push('the program "bwrap" is not on the PATH');
    return [];
  }
  const common = {
    bwrap,
    hostSystem: hostSystemArguments(),
    hostFolders,
    ...(nsenter === undefined ? {} : { nsenter }),
  };
  const firstUid = firstPodUid();
  if (firstUid === undefined) return [createBubblewrap({ ...common, description: 'bubblewrap' })];
  const asRoot = createBubblewrap({
    ...common,
    sharesRoot: true,
    description: 'bubblewrap, without user ids of their own (they need setpriv of util-linux)',
  });
  if (setpriv === undefined) return [asRoot];
  const description = `bubblewrap, and a user id for each pod from ${firstUid}`;
  return [createBubblewrap({ ...common, setpriv, firstUid, description }), asRoot];
}

/** Runs a small container. @returns why it did not work. */
async function probe(isolation: Isolation, folder: string): Promise<string | undefined> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const own = mkdtempSync(join(folder, 'probe-'));
  try {
    const container = probeContainer(own, isolation.firstUid);
    const { exitCode, output } = await execLaunch(isolation.launch(container), PROBE_MS);
    return exitCode === 0 && output.trim() === 'inside'
      ? undefined
      : `${isolation.description}: ${output.trim()}`;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

function probeContainer(own: string, uid: number | undefined): ContainerSpec {
  for (const name of ['tmp', 'home', 'etc']) {
    mkdirSync(join(own, name));
    if (uid !== undefined) chownSync(join(own, name), uid, uid);
  }
  for (const name of ['passwd', 'group', 'hosts', 'hostname']) writeFileSync(join(own, 'etc', name), '');
  return {
    // Process 1 of a PID namespace of its own, a /tmp that can be written, and the host's programs.
    argv: ['/bin/sh', '-c', 'test -e /proc/1/stat && ! test -e /proc/200 && : >/tmp/probe && echo inside'],
    env: { PATH: '/usr/bin:/bin', HOME: '/home/probe' },
    workingDir: '/',
    hostname: 'probe',
    image: { folder: own, hasSystem: false, entries: [] },
    mounts: [],
    tmp: join(own, 'tmp'),
    home: join(own, 'home'),
    etc: join(own, 'etc'),
    ...(uid === undefined ? {} : { uid }),
  };
}

/** Absolute paths of programs on the PATH of the platform; undefined for those that are not there. */
async function findPrograms(...names: string[]): Promise<readonly (string | undefined)[]> {
  const script = 'for name; do command -v "$name" || echo; done';
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', script, 'sh', ...names], {
    timeout: PROBE_MS,
  });
  const paths = stdout.split('\n');
  return names.map((_, index) => (paths[index]?.startsWith('/') === true ? paths[index] : undefined));
}
