// The program of the container that pushes the image.
import { exportPhase } from './export.ts';
import { runPhase } from './run-phase.ts';

await runPhase((flags, output) =>
  exportPhase({
    app: flags.required('app'),
    layers: flags.required('layers'),
    image: flags.required('image'),
    auth: flags.optional('auth'),
    registryCa: flags.optional('registry-ca'),
    cache: flags.optional('cache'),
    cacheLimit: Number(flags.optional('cache-limit') ?? Infinity),
    output,
  }),
);
