/** What the command sends and reads: the published models, as far as it uses them. */

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly createdAt: string | null;
}

export interface Info {
  readonly version: string;
  readonly kube_version?: string;
  readonly platform?: string;
  readonly default_builder_image?: string;
  readonly oidc_enabled?: boolean;
}

export interface Namespace {
  readonly meta: Meta;
  readonly apps?: readonly string[] | null;
  readonly configurations?: readonly string[] | null;
}

/** Kind: 0 none, 1 path, 2 git, 3 container. */
export interface Origin {
  readonly Kind: 0 | 1 | 2 | 3;
  readonly container?: string;
  readonly git?: {
    readonly revision?: string;
    readonly repository: string;
    readonly provider?: string;
    readonly branch?: string;
    readonly gitconfig?: string;
  };
  readonly path?: string;
  readonly archive?: boolean;
}

export interface Instance {
  readonly name: string;
  readonly metricsOk: boolean;
  readonly memoryBytes: number;
  readonly millicpus: number;
  readonly createdAt?: string;
  readonly restarts: number;
  readonly ready: boolean;
}

export interface App {
  readonly meta: Meta;
  readonly configuration: {
    readonly instances: number | null;
    readonly configurations: readonly string[] | null;
    readonly environment: Readonly<Record<string, string>> | null;
    readonly environment_grouped?: GroupedEnvironment;
    readonly services?: readonly string[] | null;
    readonly routes: readonly string[] | null;
    readonly appchart?: string;
    readonly settings?: Readonly<Record<string, string>>;
  };
  readonly origin: Origin;
  readonly deployment?: {
    readonly active?: boolean;
    readonly createdAt?: string;
    readonly desiredreplicas: number;
    readonly readyreplicas: number;
    readonly replicas: Readonly<Record<string, Instance>> | null;
    readonly username?: string;
    readonly stage_id?: string;
    readonly status?: string;
    readonly routes?: readonly string[] | null;
  };
  readonly staging: { readonly builder?: string };
  readonly stagingstatus: string;
  readonly status: string;
  readonly statusmessage: string;
  readonly stage_id?: string;
  readonly image_url: string;
  /** The routes with scheme and port, as a browser takes them. */
  readonly urls?: readonly string[];
}

export interface AppUpdateRequest {
  readonly restart?: boolean;
  readonly instances?: number;
  readonly configurations?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly replace_env?: boolean;
  readonly routes?: readonly string[];
  readonly appchart?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface AppCreateRequest {
  readonly name: string;
  readonly configuration: AppUpdateRequest;
}

export interface DeploymentRequest {
  readonly app: { readonly name: string; readonly namespace: string };
  readonly blobuid?: string;
  readonly builderimage?: string;
  readonly image?: string;
  readonly origin: Origin;
}

export interface DeploymentStatus {
  readonly id: string;
  readonly status: 'pending' | 'staging' | 'deploying' | 'succeeded' | 'failed';
  readonly stage_id?: string;
  readonly image?: string;
  readonly error?: string;
  readonly routes?: readonly string[] | null;
  readonly warnings?: readonly string[] | null;
  readonly urls?: readonly string[];
}

export interface GroupedEnvironment {
  readonly user?: Readonly<Record<string, string>>;
  readonly service?: Readonly<Record<string, string>>;
}

export interface EnvVariable {
  readonly name: string;
  readonly value: string;
  readonly origin?: string;
}

/** One text frame of a log stream. */
export interface LogFrame {
  readonly Message: string;
  readonly ContainerName: string;
  readonly PodName: string;
  readonly Namespace: string;
  readonly Timestamp: string;
}
