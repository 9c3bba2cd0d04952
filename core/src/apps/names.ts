import { createHash } from 'node:crypto';

/** Longest DNS label, and with it the longest resource name that we generate. */
const MAX_LABEL = 63;
/** Longest Helm release name. */
const MAX_RELEASE = 53;
/** Service charts append to the release name; this leaves them room. */
const MAX_SERVICE_RELEASE = 30;
/** A dash and the 40 hex digits of a SHA-1. */
const SUFFIX = 41;

function sha1(text: string): string {
  // A checksum in published names, not a defence: other clients compute the same one.
  return createHash('sha1').update(text).digest('hex');
}

/** Only what a DNS label may hold: no leading digits, underscores as dashes, lower case. */
function dnsSafe(text: string): string {
  return text
    .replace(/^[0-9]+/, '')
    .replaceAll('_', '-')
    .toLowerCase()
    .replace(/[^-a-z0-9]/g, '')
    .replace(/^-+|-+$/g, '');
}

/**
 * A Kubernetes name of at most `max` characters: what is readable of `name`, a dash, and its SHA-1. Below 42
 * characters there is no room for a readable part: an `x` and hash digits, `max - 1` characters in all.
 */
export function truncatedName(name: string, max: number): string {
  const sum = sha1(name);
  if (max <= SUFFIX) return `x${sum.slice(1, max - 1)}`;
  const prefix = dnsSafe(name).slice(0, max - SUFFIX);
  return prefix === '' ? sum : `${prefix}-${sum}`;
}

/** The published name of an object made from several words: `resourceName('sample-env')`. At most 63 characters. */
export function resourceName(...words: readonly string[]): string {
  return truncatedName(words.join('-'), MAX_LABEL);
}

/** The Helm release of an application. */
export function releaseName(app: string): string {
  return truncatedName(app, MAX_RELEASE);
}

/** The Helm release of a service instance: 29 characters. */
export function serviceReleaseName(service: string): string {
  return truncatedName(service, MAX_SERVICE_RELEASE);
}

/** The name that the published application chart gives to its objects: Deployment, Service, Ingress, Certificate. */
export function templateName(text: string): string {
  return `r${text.replace(/[^-a-z0-9]/g, '').slice(0, 21)}-${sha1(text)}`;
}

/** The staging Job of one run, and the Secret with its environment, in the platform's namespace. */
export function stagingName(namespace: string, app: string, stageId: string): string {
  return resourceName('stage', namespace, app, stageId);
}

/** The build cache volume of an application, in the platform's namespace. */
export function cacheVolumeName(namespace: string, app: string): string {
  return resourceName(namespace, 'cache', app);
}

/** The Secrets that hold an application's settings, beside its App object. */
export function appSecretNames(app: string): {
  readonly environment: string;
  readonly configurations: string;
  readonly services: string;
  readonly scaling: string;
} {
  return {
    environment: resourceName(`${app}-env`),
    configurations: resourceName(`${app}-config`),
    services: resourceName(`${app}-svc`),
    scaling: resourceName(`${app}-scale`),
  };
}
