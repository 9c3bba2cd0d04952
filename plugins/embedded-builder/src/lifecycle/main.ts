// The program of all three staging containers: `node main.js unpack|build|export --flag value …`.
import { parseArgs } from 'node:util';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';

/** Flags of all phases; every path of a phase comes from here, since images and volumes move. */
const FLAGS = {
  app: { type: 'string' },
  auth: { type: 'string' },
  buildpacks: { type: 'string' },
  cache: { type: 'string' },
  'cache-limit': { type: 'string' },
  environment: { type: 'string' },
  image: { type: 'string' },
  layers: { type: 'string' },
  'max-bytes': { type: 'string' },
  order: { type: 'string' },
  'registry-ca': { type: 'string' },
  'url-file': { type: 'string' },
} as const;

type Flags = Readonly<Partial<Record<keyof typeof FLAGS, string>>>;

async function run(phase: string | undefined, flags: Flags, output: Output): Promise<void> {
  const required = (name: keyof Flags): string => {
    const value = flags[name];
    if (value === undefined)
      throw new LifecycleError(EXIT.failed, `Flag --${name} is missing for "${phase ?? ''}"`);
    return value;
  };
  switch (phase) {
    case 'unpack': {
      const { unpack } = await import('./unpack.ts');
      const maxBytes = Number(required('max-bytes'));
      return unpack({ urlFile: required('url-file'), app: required('app'), maxBytes, output });
    }
    case 'build': {
      const { buildPhase } = await import('./build-phase.ts');
      return buildPhase({
        app: required('app'),
        layers: required('layers'),
        environmentFiles: required('environment'),
        buildpacks: required('buildpacks'),
        order: required('order'),
        cache: flags.cache,
        containerEnvironment: process.env,
        output,
      });
    }
    case 'export': {
      const { exportPhase } = await import('./export.ts');
      return exportPhase({
        app: required('app'),
        layers: required('layers'),
        image: required('image'),
        auth: flags.auth,
        registryCa: flags['registry-ca'],
        cache: flags.cache,
        cacheLimit: Number(flags['cache-limit'] ?? Infinity),
        output,
      });
    }
    default:
      throw new LifecycleError(EXIT.failed, `There is no phase "${phase ?? ''}"`);
  }
}

const output = createOutput((text) => process.stdout.write(text));
try {
  const { values, positionals } = parseArgs({ options: FLAGS, allowPositionals: true });
  await run(positionals[0], values, output);
} catch (error) {
  process.exitCode = report(error, output);
}

/** Prints what went wrong, the sentence last. @returns the exit code. */
function report(error: unknown, to: Output): number {
  const { message } = error as Error;
  const {
    details = [],
    fix,
    exitCode = EXIT.failed,
  } = error as Partial<LifecycleError> & { readonly fix?: string };
  for (const detail of details) to.line(detail);
  if (error instanceof Error && !('exitCode' in error) && !('code' in error)) to.line(error.stack ?? '');
  to.error(fix === undefined ? message : `${message}: ${fix}`);
  return exitCode;
}
