// The program of the container that runs buildpacks.
import { buildPhase } from './build-phase.ts';
import { runPhase } from './run-phase.ts';

await runPhase((flags, output) =>
  buildPhase({
    app: flags.required('app'),
    layers: flags.required('layers'),
    environmentFiles: flags.required('environment'),
    buildpacks: flags.required('buildpacks'),
    order: flags.required('order'),
    cache: flags.optional('cache'),
    containerEnvironment: process.env,
    output,
  }),
);
