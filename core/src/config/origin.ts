/** Where a configured value came from. */
export type Origin =
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | FileOrigin
  | { readonly kind: 'profile'; readonly profile: string }
  | { readonly kind: 'record'; readonly where: string }
  | { readonly kind: 'default' };

/** A place in a config file; a file that is code has no line. */
export interface FileOrigin {
  readonly kind: 'file';
  /** As it is shown: relative to the current folder where that is shorter. */
  readonly file: string;
  /** 1-based, as editors count. */
  readonly line?: number;
  readonly column?: number;
}

/** The origin as a person would look it up: "epinio.config.yaml:4:7", "EPINIO_DOMAIN", "--domain". */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'flag':
      return origin.flag;
    case 'environment':
      return origin.variable;
    case 'file':
      return [origin.file, origin.line, origin.column].filter((part) => part !== undefined).join(':');
    case 'profile':
      return `profile ${origin.profile}`;
    case 'record':
      return origin.where;
    case 'default':
      return 'default';
  }
}
