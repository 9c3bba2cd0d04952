import { messageOf } from '@epinio/core';
import type { ControllersContext, Started } from '../start.ts';
import { cordonTaint } from './cluster/cordon-taint.ts';
import { makeDefaults } from './cluster/defaults.ts';
import { eventExpiry } from './cluster/event-expiry.ts';
import { garbageCollector } from './cluster/garbage-collector.ts';
import { namespaceController } from './cluster/namespace.ts';
import { roleAggregation } from './cluster/role-aggregation.ts';
import { scheduler } from './cluster/scheduler.ts';
import { deploymentController } from './deployment/deployment.ts';
import { cronJobController } from './cron-job/cron-job.ts';
import { daemonSetController } from './daemon-set/daemon-set.ts';
import { disruptionController } from './disruption/disruption.ts';
import { jobController } from './job/job.ts';
import type { Controlled, Controller, ControllerContext } from './machinery/controller.ts';
import { endpointSliceMirroring } from './network/endpoint-slice-mirroring.ts';
import { endpointSliceController } from './network/endpoint-slice.ts';
import { endpointsController } from './network/endpoints.ts';
import { loadBalancerController } from './network/load-balancer.ts';
import { replicaSetController, replicationController } from './replica-set.ts';
import { defaultAccountController } from './service-accounts/default-account.ts';
import { rootCertificateController } from './service-accounts/root-certificate.ts';
import { tokenSecretController } from './service-accounts/token-secret.ts';
import { statefulSetController } from './stateful-set/stateful-set.ts';
import { claimController } from './volumes/claims.ts';
import { volumeProtectionController } from './volumes/volume-protection.ts';

const CONTROLLERS: readonly ((context: ControllerContext) => Controller)[] = [
  namespaceController,
  defaultAccountController,
  rootCertificateController,
  tokenSecretController,
  roleAggregation,
  scheduler,
  cordonTaint,
  replicaSetController,
  replicationController,
  deploymentController,
  statefulSetController,
  daemonSetController,
  jobController,
  cronJobController,
  disruptionController,
  endpointSliceController,
  endpointsController,
  endpointSliceMirroring,
  loadBalancerController,
  claimController,
  volumeProtectionController,
  garbageCollector,
  eventExpiry,
];

/**
 * Starts the controllers of the cluster. Resolves when all of them see the whole cluster and have begun; `close`
 * when they have finished what they had begun.
 */
export async function startControllers(context: ControllersContext): Promise<Started> {
  const log = context.log.child({ component: 'controllers' });
  await makeDefaults(context.kube);
  const controllers = CONTROLLERS.map((create) => create({ ...context, log }));
  // Once all have said what they need: the collections are read side by side.
  const informers = new Set(controllers.flatMap((controller) => controller.informers));
  await Promise.all([...informers].map((informer) => informer.synced(context.signal)));
  const running: Controlled[] = controllers.map((controller) => controller.start());
  return {
    async close() {
      const results = await Promise.allSettled(running.map((controller) => controller.stop()));
      for (const result of results) {
        if (result.status === 'rejected')
          log.error('A controller did not stop cleanly', { reason: messageOf(result.reason) });
      }
    },
  };
}
