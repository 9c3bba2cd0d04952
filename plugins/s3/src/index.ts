import { definePlugin, kube, log, settings, storage } from '@epinio/core';
import { config } from './config.ts';
import { S3Storage } from './s3-storage.ts';

/** A bucket of any S3 service. */
export default definePlugin({
  id: 's3',
  provides: storage,
  contractVersion: 1,
  needs: { kube, log, settings },
  config,
  parts: () => [], // it is somewhere else
  probes: () => [],
  create: (needs, options) => new S3Storage(needs, options),
  run: (service: S3Storage, host) => service.run(host),
});
