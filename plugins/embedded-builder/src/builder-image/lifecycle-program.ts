import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Esbuild from 'esbuild';
import { packageFile, runsFromSources } from '../package-folder.ts';

/** One program for each staging container: a program that loads little starts fast. */
export const LIFECYCLE_PROGRAMS = ['unpacker', 'builder', 'exporter'] as const;

export type LifecycleProgram = (typeof LIFECYCLE_PROGRAMS)[number];

/**
 * A program of the lifecycle as one file that needs nothing but Node.js. A built package has it in `dist`; in
 * the repository it is bundled on the spot, the way the build does.
 */
export function lifecycleProgram(name: LifecycleProgram): Uint8Array {
  return runsFromSources ? bundle(name) : readFileSync(packageFile(`dist/lifecycle/${name}.js`));
}

function bundle(name: LifecycleProgram): Uint8Array {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof Esbuild;
  const { outputFiles } = buildSync({
    entryPoints: [packageFile(`src/lifecycle/${name}.ts`)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    conditions: ['epinio-src'],
    // Bundled CommonJS libraries ask for `require`, which an ES module does not have.
    banner: {
      js: "import { createRequire as epinioCreateRequire } from 'node:module';const require = epinioCreateRequire(import.meta.url);",
    },
  });
  const [program] = outputFiles;
  if (program === undefined) throw new Error('esbuild wrote nothing');
  return program.contents;
}
