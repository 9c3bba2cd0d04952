import {
  builder,
  clock,
  definePlugin,
  informers,
  kube,
  log,
  registry,
  settings,
  storage,
} from '@epinio/core';
import { config } from './config.ts';
import { createEmbeddedBuilder } from './embedded-builder.ts';
import { parts, probes } from './resources.ts';

export default definePlugin({
  id: 'embedded-builder',
  provides: builder,
  contractVersion: 1,
  needs: { clock, kube, informers, log, registry, settings, storage },
  config,
  parts,
  probes,
  create: createEmbeddedBuilder,
  run: (service, host) => service.serve(host),
});
