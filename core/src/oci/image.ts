/** Points to content by its digest: OCI image-spec, descriptor.md. */
export interface OciDescriptor {
  readonly mediaType: string;
  /** `sha256:` and 64 hex digits, or another registered algorithm. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly platform?: OciPlatform;
}

/** In Go's words: `linux`, `amd64`. */
export interface OciPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** One image: OCI image-spec, manifest.md. */
export interface OciManifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: OciDescriptor;
  /** Lowest first. */
  readonly layers: readonly OciDescriptor[];
  readonly subject?: OciDescriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The same image for several platforms: OCI image-spec, image-index.md. */
export interface OciIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly manifests: readonly OciDescriptor[];
  readonly subject?: OciDescriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** How to run an image: OCI image-spec, config.md. */
export interface OciImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly config?: {
    /** A user name or id, `:` and a group. */
    readonly User?: string;
    readonly ExposedPorts?: Readonly<Record<string, object>>;
    /** `NAME=value` */
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Volumes?: Readonly<Record<string, object>>;
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly StopSignal?: string;
  };
  readonly rootfs: {
    readonly type: 'layers';
    /** Digests of the layers without their compression, lowest first. */
    readonly diff_ids: readonly string[];
  };
  readonly history?: readonly {
    readonly created?: string;
    readonly created_by?: string;
    readonly comment?: string;
    readonly empty_layer?: boolean;
  }[];
}
