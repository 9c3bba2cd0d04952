import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { workspace, type Outside } from './outside.ts';

/** A plugin as somebody elsewhere writes it, who takes an option of theirs for a `type`. */
export function plugin(type: 'string' | 'number'): string {
  return `
import { clock, definePlugin, mesh, type Clock, type Mesh } from '@epinio/core';
import { z } from 'zod';

const config = z.strictObject({ label: z.string().describe('Label that takes a namespace in') });

class LabelMesh implements Mesh {
  readonly sidecarContainers = [];
  readonly #clock: Clock;
  readonly #label: ${type};

  constructor(clock: Clock, label: ${type}) {
    this.#clock = clock;
    this.#label = label;
  }

  namespaceMetadata(): ReturnType<Mesh['namespaceMetadata']> {
    return { labels: { [this.#label]: String(this.#clock.now()) }, annotations: {} };
  }

  excludedPodMetadata(): ReturnType<Mesh['excludedPodMetadata']> {
    return { labels: {}, annotations: {} };
  }

  async enrol(): ReturnType<Mesh['enrol']> {
    return [];
  }
}

export default definePlugin({
  id: 'label-mesh',
  provides: mesh,
  contractVersion: 1,
  needs: { clock },
  config,
  parts: () => [],
  probes: () => [],
  create: (needs, options) => new LabelMesh(needs.clock, options.label),
});
`;
}

/** Compiles a module outside the workspace against the packed packages; @returns what the compiler objects to. */
export async function compile(outside: Outside, text: string): Promise<string> {
  const file = await outside.write('stranger.ts', text);
  const strictly = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext'];
  const node = ['--types', 'node', '--typeRoots', join(workspace, 'node_modules', '@types')];
  const compiler = join(workspace, 'node_modules', 'typescript', 'bin', 'tsc');
  return new Promise((done, fail) => {
    const args = [compiler, ...strictly, ...node, file];
    execFile(process.execPath, args, { cwd: outside.folder, timeout: 120_000 }, (error, stdout) => {
      // It ends with a code of its own when it objects, and is killed when it takes too long.
      if (error?.killed === true) fail(error);
      else done(stdout);
    });
  });
}
