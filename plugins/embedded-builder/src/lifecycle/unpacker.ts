// The program of the container that fetches the sources.
import { runPhase } from './run-phase.ts';
import { unpack } from './unpack.ts';

await runPhase((flags, output) =>
  unpack({
    urlFile: flags.required('url-file'),
    app: flags.required('app'),
    maxBytes: Number(flags.required('max-bytes')),
    output,
  }),
);
