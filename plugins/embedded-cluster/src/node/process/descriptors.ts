import { openSync, readdirSync, readFileSync } from 'node:fs';

/** One descriptor of a process that is started: a stream kind or a descriptor of ours, as `spawn` takes them. */
type Descriptor = 'ignore' | 'pipe' | number;

/** Of open(2), in the octal `flags` of /proc/<pid>/fdinfo: closed when another program takes over. */
const CLOSE_ON_EXEC = 0o2000000;

let nothing: number | undefined;

/**
 * The `stdio` of a process that gets these descriptors and no other one of the platform's. Native libraries open some
 * that every process we start would inherit (LMDB the database with all Secrets, terminals their ends), and Node.js
 * cannot close them in between, so that /dev/null takes their places.
 */
export function onlyDescriptors(given: readonly Descriptor[]): Descriptor[] {
  const stdio = [...given];
  for (const descriptor of inherited()) {
    if (descriptor < given.length && given[descriptor] !== 'ignore') continue;
    while (stdio.length < descriptor) stdio.push('ignore');
    stdio[descriptor] = nothing ??= openSync('/dev/null', 'r');
  }
  return stdio;
}

/** Descriptors beyond the first three that a process we start would have. Elsewhere than on Linux it has none. */
function inherited(): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => descriptor > 2 && !isClosedOnExec(descriptor));
}

function isClosedOnExec(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
    return (Number.parseInt(flags ?? '0', 8) & CLOSE_ON_EXEC) !== 0;
  } catch {
    return true; // the one that listed them: it is closed
  }
}
