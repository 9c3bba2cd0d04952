import type { KubeObject, ObjectReference } from '@epinio/core';

/** core/v1 Endpoints: where a Service leads, as clients from before EndpointSlices read it. */
export interface Endpoints extends KubeObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Endpoints';
  readonly subsets?: readonly EndpointSubset[];
}

/** Every address with every port. */
export interface EndpointSubset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly EndpointPort[];
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: ObjectReference;
}

export interface EndpointPort {
  /** Absent for a port without a name. */
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

/** Addresses that the Endpoints of one Service may have. */
export const MAX_ADDRESSES = 1000;
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
export const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
/** Endpoints that somebody uses as a lock, and not for a Service. */
export const LEADER = 'control-plane.alpha.kubernetes.io/leader';
