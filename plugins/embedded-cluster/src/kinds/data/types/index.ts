import { admissionregistrationTypes } from './admissionregistration.data.ts';
import { apiextensionsTypes } from './apiextensions.data.ts';
import { apiregistrationTypes } from './apiregistration.data.ts';
import { appsTypes } from './apps.data.ts';
import { authenticationTypes } from './authentication.data.ts';
import { authorizationTypes } from './authorization.data.ts';
import { autoscalingTypes } from './autoscaling.data.ts';
import { batchTypes } from './batch.data.ts';
import { coordinationTypes } from './coordination.data.ts';
import { coreTypes } from './core.data.ts';
import { discoveryTypes } from './discovery.data.ts';
import { eventsTypes } from './events.data.ts';
import { machineryTypes } from './machinery.data.ts';
import { networkingTypes } from './networking.data.ts';
import { policyTypes } from './policy.data.ts';
import { rbacTypes } from './rbac.data.ts';
import { schedulingTypes } from './scheduling.data.ts';
import { storageTypes } from './storage.data.ts';

/**
 * The fields of every type that the served resources reach, as JSON by API group; `machinery` has what belongs to no
 * group. Facts of the Kubernetes 1.35 API, see NOTICE.
 * `zero` says what the API writes for an absent or zero value: "drop" nothing, "keep" the zero value, "null" null.
 */
export const typesData: Readonly<Record<string, string>> = {
  admissionregistration: admissionregistrationTypes,
  apiextensions: apiextensionsTypes,
  apiregistration: apiregistrationTypes,
  apps: appsTypes,
  authentication: authenticationTypes,
  authorization: authorizationTypes,
  autoscaling: autoscalingTypes,
  batch: batchTypes,
  coordination: coordinationTypes,
  core: coreTypes,
  discovery: discoveryTypes,
  events: eventsTypes,
  machinery: machineryTypes,
  networking: networkingTypes,
  policy: policyTypes,
  rbac: rbacTypes,
  scheduling: schedulingTypes,
  storage: storageTypes,
};
