#!/usr/bin/env node
// A committed file, so that npm can link it before the first build.
try {
  await import('../dist/bin.js');
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.message).includes('dist/bin.js')) throw error;
  process.stderr.write('epinio is not built yet\nfix: npm run build\n');
  process.exitCode = 1;
}
