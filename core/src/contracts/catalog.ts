import { contract } from '../kernel/plugin.ts';

/** A service that some broker offers (OSBAPI: service offering). */
export interface ServiceClass {
  readonly name: string;
  readonly description: string;
  readonly broker: string;
  readonly bindable: boolean;
}

/** A variant of a class. */
export interface ServicePlan {
  readonly name: string;
  readonly description: string;
  readonly free: boolean;
  /** JSON Schema of the parameters for provisioning, when the broker has one. */
  readonly createSchema?: Readonly<Record<string, unknown>>;
}

export interface InstanceRef {
  readonly namespace: string;
  readonly name: string;
}

export interface ProvisionRequest extends InstanceRef {
  readonly className: string;
  readonly planName: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface BindingRequest {
  readonly instance: InstanceRef;
  readonly name: string;
  /** Secret in the instance's namespace that will hold the credentials. */
  readonly secretName: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface OperationStatus {
  readonly phase: 'in progress' | 'succeeded' | 'failed';
  readonly message?: string;
}

/** Presents the services of all brokers, and makes instances and bindings of them. Writes are idempotent by name. */
export interface Catalog {
  classes(signal?: AbortSignal): Promise<readonly ServiceClass[]>;
  /** Fails with `CLASS_NOT_FOUND`. */
  plans(className: string, signal?: AbortSignal): Promise<readonly ServicePlan[]>;
  provision(request: ProvisionRequest, signal?: AbortSignal): Promise<void>;
  bind(request: BindingRequest, signal?: AbortSignal): Promise<void>;
  /** Succeeds when the binding is already gone. */
  unbind(instance: InstanceRef, name: string, signal?: AbortSignal): Promise<void>;
  /** Refused with `INSTANCE_BOUND` while bindings exist. Succeeds when it is already gone. */
  deprovision(instance: InstanceRef, signal?: AbortSignal): Promise<void>;
  /** Of an instance, or of one of its bindings. @returns undefined when there is none. */
  status(instance: InstanceRef, binding?: string, signal?: AbortSignal): Promise<OperationStatus | undefined>;
}

export const catalog = contract<Catalog>('catalog');
