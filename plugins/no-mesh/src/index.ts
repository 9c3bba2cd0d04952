import { definePlugin, mesh } from '@epinio/core';
import { config } from './config.ts';
import { NoMesh } from './no-mesh.ts';

export default definePlugin({
  id: 'no-mesh',
  provides: mesh,
  contractVersion: 1,
  needs: {},
  config,
  parts: () => [], // nothing to install
  probes: () => [],
  create: () => new NoMesh(),
});
