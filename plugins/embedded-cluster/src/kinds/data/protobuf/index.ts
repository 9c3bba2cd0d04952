import { admissionregistrationMessages } from './admissionregistration.data.ts';
import { apiregistrationMessages } from './apiregistration.data.ts';
import { appsMessages } from './apps.data.ts';
import { authenticationMessages } from './authentication.data.ts';
import { authorizationMessages } from './authorization.data.ts';
import { autoscalingMessages } from './autoscaling.data.ts';
import { batchMessages } from './batch.data.ts';
import { coordinationMessages } from './coordination.data.ts';
import { coreMessages } from './core.data.ts';
import { discoveryMessages } from './discovery.data.ts';
import { eventsMessages } from './events.data.ts';
import { machineryMessages } from './machinery.data.ts';
import { networkingMessages } from './networking.data.ts';
import { policyMessages } from './policy.data.ts';
import { rbacMessages } from './rbac.data.ts';
import { schedulingMessages } from './scheduling.data.ts';
import { storageMessages } from './storage.data.ts';

/**
 * Protobuf messages as JSON by API group: field number -> [JSON name, "one" | "list" | "map", type (, value type)];
 * `machinery` has what belongs to no group. Facts of the Kubernetes 1.35 API, see NOTICE.
 */
export const protobufData: Readonly<Record<string, string>> = {
  admissionregistration: admissionregistrationMessages,
  apiregistration: apiregistrationMessages,
  apps: appsMessages,
  authentication: authenticationMessages,
  authorization: authorizationMessages,
  autoscaling: autoscalingMessages,
  batch: batchMessages,
  coordination: coordinationMessages,
  core: coreMessages,
  discovery: discoveryMessages,
  events: eventsMessages,
  machinery: machineryMessages,
  networking: networkingMessages,
  policy: policyMessages,
  rbac: rbacMessages,
  scheduling: schedulingMessages,
  storage: storageMessages,
};
