import { badRequest } from './published-errors.ts';

const DNS_1123_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_SUBDOMAIN = 253;
/** Application and namespace names become label values. */
const MAX_LABEL_VALUE = 63;

const RULE =
  "name must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name', or '123-abc').";

/** What Kubernetes accepts as the name of most objects: a DNS-1123 subdomain. */
export function isDns1123Subdomain(text: string): boolean {
  return text.length <= MAX_SUBDOMAIN && DNS_1123_SUBDOMAIN.test(text);
}

/** Fails with the published 400 when Kubernetes would refuse the name. */
export function checkAppName(name: string): void {
  if (!isDns1123Subdomain(name)) throw badRequest('APP_NAME_INVALID', `Application's ${RULE}`);
  checkLength('Application', name);
}

/** Fails with the published 400 when Kubernetes would refuse the name. */
export function checkNamespaceName(name: string): void {
  if (name === '') throw badRequest('NAMESPACE_NAME_MISSING', 'name of namespace to create not found');
  // A namespace is a DNS label: Kubernetes itself refuses dots, with another status.
  if (!isDns1123Subdomain(name) || name.includes('.')) {
    throw badRequest('NAMESPACE_NAME_INVALID', `Namespace's ${RULE}`);
  }
  checkLength('Namespace', name);
}

/** Names are label values too, which Kubernetes limits to 63 characters: said here, not by the first object that fails. */
function checkLength(subject: string, name: string): void {
  if (name.length > MAX_LABEL_VALUE) {
    throw badRequest('NAME_TOO_LONG', `${subject}'s name must be no more than ${MAX_LABEL_VALUE} characters`);
  }
}

const ENVIRONMENT_NAME = /^[-._a-zA-Z0-9]+$/;

/** Environment variables are keys of a Secret; Kubernetes refuses others, naming the Secret rather than the variable. */
export function checkEnvironmentNames(names: Iterable<string>): void {
  for (const name of names) {
    if (name.length > MAX_SUBDOMAIN || !ENVIRONMENT_NAME.test(name) || name === '.' || name === '..') {
      throw badRequest(
        'ENV_NAME_INVALID',
        `environment variable name '${name.slice(0, 80)}' must consist of alphanumeric characters, '-', '_' or '.'`,
      );
    }
  }
}
