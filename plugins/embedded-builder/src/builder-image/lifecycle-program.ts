import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Esbuild from 'esbuild';
import { packageFile, runsFromSources } from '../package-folder.ts';

/**
 * The lifecycle as one file that needs nothing but Node.js. A built package has it in `dist`; in the
 * repository it is bundled on the spot, the way the build does.
 */
export function lifecycleProgram(): Uint8Array {
  return runsFromSources ? bundle() : readFileSync(packageFile('dist/lifecycle/main.js'));
}

function bundle(): Uint8Array {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof Esbuild;
  const { outputFiles } = buildSync({
    entryPoints: [packageFile('src/lifecycle/main.ts')],
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
