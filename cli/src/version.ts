/** The version of the command; the build puts the package's own in its place. */
declare const EPINIO_VERSION: string | undefined;

export const version = typeof EPINIO_VERSION === 'string' ? EPINIO_VERSION : '0.0.0-source';
