import { contract } from '../kernel/plugin.ts';

/** One repository as builders and nodes name it; they can differ (a node port for the kubelet). */
export interface ImageRepository {
  /** Without tag: "registry.example.com/apps/workspace-sample". */
  readonly push: string;
  readonly pull: string;
}

/** The `auths` part of a Docker config file, by registry host. */
export interface RegistryAuths {
  readonly [host: string]: { readonly username: string; readonly password: string };
}

/** Stores application images. */
export interface Registry {
  /** Pure: names, nothing is made. `name` is a path of lower-case segments. */
  repository(name: string): ImageRepository | Promise<ImageRepository>;
  /** For every host that `repository` names; empty when it asks for none. */
  credentials(signal?: AbortSignal): Promise<RegistryAuths>;
  /** PEM that clients of the registry have to trust; undefined for plain HTTP on loopback or public trust. */
  trustedCa(signal?: AbortSignal): Promise<string | undefined>;
  /** Removes a tag, or the whole repository when `tag` is absent. Succeeds when it is already gone. */
  delete(name: string, tag?: string, signal?: AbortSignal): Promise<void>;
}

export const registry = contract<Registry>('registry');
