// bin/build: dependencies, then the build script, then how to start.
import { existsSync } from 'node:fs';
import { dependencies } from './dependencies.mjs';
import { Failure } from './failure.mjs';
import { writeEnvironment, writeLaunch, writeLayer } from './layer.mjs';
import { readPackage } from './package.mjs';
import { startProcess } from './start.mjs';

const app = process.cwd();
const layers = process.env.CNB_LAYERS_DIR;

try {
  const manifest = readPackage(app);
  const engines = manifest.engines?.node;
  console.log(
    `Node.js ${process.version}${engines === undefined ? '' : ` (package.json asks for "${engines}")`}`,
  );

  const { binaries } = await dependencies({ app, layers, manifest });

  const runtime = writeLayer(layers, 'runtime', { launch: true });
  writeEnvironment(runtime, 'NODE_ENV.default', 'production');
  for (const key of ['name', 'version']) {
    if (typeof manifest[key] === 'string')
      writeEnvironment(runtime, `npm_package_${key}.default`, manifest[key]);
  }
  if (binaries !== undefined) {
    writeEnvironment(runtime, 'PATH.prepend', binaries);
    writeEnvironment(runtime, 'PATH.delim', ':');
  }

  const process_ = startProcess({ app, manifest, staticServer: process.env.EPINIO_STATIC_SERVER });
  if (process_ !== undefined) {
    console.log(`Start: ${process_.shown}`);
    writeLaunch(layers, { type: 'web', command: process_.command, isDefault: true });
  } else if (!existsSync('Procfile')) {
    throw new Failure('nothing says how to start: add a "start" script to package.json');
  }
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.log(`ERROR: ${error.message}`);
  process.exitCode = 1;
}
