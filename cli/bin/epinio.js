#!/usr/bin/env node
// A committed file, so that npm can link it before the first build. Scripts start faster than ES modules do.
try {
  require('../dist/bin.cjs'); // eslint-disable-line @typescript-eslint/no-require-imports -- it is a script
} catch (error) {
  if (error?.code !== 'MODULE_NOT_FOUND' || !String(error.message).includes('dist/bin.cjs')) throw error;
  process.stderr.write('epinio is not built yet\nfix: npm run build\n');
  process.exitCode = 1;
}
