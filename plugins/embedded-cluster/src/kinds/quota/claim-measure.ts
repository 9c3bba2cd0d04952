import { objectAt, stringAt } from '../../json.ts';
import { compareQuantities, formatQuantity, parseQuantity } from '../../schema/quantity.ts';
import type { Measure } from './measure.ts';
import { satisfies } from './scopes.ts';

const COUNT = 'count/persistentvolumeclaims';
const OF_ALL = ['persistentvolumeclaims', 'requests.storage'];
const OF_CLASS = '.storageclass.storage.k8s.io/';
const BYTE = 1_000_000_000n;

/** A claim takes the storage that it asks for, of all and of its class. */
export const claimMeasure: Measure = {
  limits: (name) =>
    name === COUNT ||
    OF_ALL.includes(name) ||
    OF_ALL.some((resource) => name.endsWith(`${OF_CLASS}${resource}`)),

  usage(claim) {
    const storageClass =
      claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
      stringAt(claim, 'spec', 'storageClassName') ??
      '';
    const asked = objectAt(claim, 'spec', 'resources', 'requests')['storage'];
    const given = objectAt(claim, 'status', 'allocatedResources')['storage'];
    const storage = asked === undefined || compareQuantities(given, asked) <= 0 ? asked : given;
    const taken = {
      persistentvolumeclaims: '1',
      ...(storage === undefined ? {} : { 'requests.storage': wholeBytes(storage) }),
    };
    const ofClass =
      storageClass === ''
        ? []
        : Object.entries(taken).map(([name, amount]) => [`${storageClass}${OF_CLASS}${name}`, amount]);
    return { [COUNT]: '1', ...taken, ...(Object.fromEntries(ofClass) as Record<string, string>) };
  },

  isIn: (scope, claim) =>
    scope.scopeName === 'VolumeAttributesClass' &&
    satisfies(scope, stringAt(claim, 'spec', 'volumeAttributesClassName')),

  changes: () => true,
};

function wholeBytes(value: unknown): string {
  const { nano, format } = parseQuantity(value) ?? { nano: 0n, format: 'binary' as const };
  return formatQuantity({ nano: ((nano + BYTE - 1n) / BYTE) * BYTE, format });
}
