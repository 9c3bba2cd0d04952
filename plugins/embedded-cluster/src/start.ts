import type { Clock, Informers, Kube, Log } from '@epinio/core';
import type { ServiceAccountTokens } from './auth/tokens/service-account-tokens.ts';
import type { NodeAccess } from './api/node-access.ts';
import type { Config } from './config.ts';

/** What the cluster gives to everything that it starts beside its API. */
export interface StartContext {
  /** In-process client of the API: the same registry, admission and validation as over HTTPS. */
  readonly kube: Kube;
  /** Over `kube`; shared by controllers and node agent. */
  readonly informers: Informers;
  readonly log: Log;
  readonly clock: Clock;
  /** Aborted when the server stops, before `close` is called. */
  readonly signal: AbortSignal;
}

export interface ControllersContext extends StartContext {
  /** Signs the tokens that are kept in Secrets. */
  readonly tokens: Pick<ServiceAccountTokens, 'signForSecret'>;
  /** PEM of the CA that clients of the API must trust. */
  readonly authority: string;
}

/** Where a node has the tokens of its pods from. */
export interface PodTokens {
  /** The `kid` of the key that signs them: tokens of another one are worthless. */
  readonly keyId: string;
  /** A token of a service account that ends with the pod. Fails when there is no such account or pod. */
  request(request: {
    readonly namespace: string;
    readonly account: string;
    /** None for the API of this cluster. */
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
    readonly pod: { readonly name: string; readonly uid: string };
  }): Promise<string>;
}

export interface NodeAgentContext extends StartContext {
  readonly tokens: PodTokens;
  /** The plugin's folder; the agent keeps its files in `node/` below it. */
  readonly dataDirectory: string;
  readonly config: Config;
}

/** Something started. `close` resolves when nothing of it runs any more; pods are left running. */
export interface Started {
  close(): Promise<void>;
}

export interface StartedNode extends Started, NodeAccess {}

/** `src/controllers/index.ts` exports `startControllers` of this type. */
export type StartControllers = (context: ControllersContext) => Promise<Started>;

/** `src/node/index.ts` exports `startNodeAgent` of this type. */
export type StartNodeAgent = (context: NodeAgentContext) => Promise<StartedNode>;
