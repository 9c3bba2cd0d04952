import { forbiddenRequest } from '../status.ts';
import { copy, isObject, objectAt } from '../json.ts';
import type { KindRules } from '../registry/resource.ts';
import { dnsLabel } from '../schema/names.ts';

const NAMESPACES = { group: '', resource: 'namespaces' };
/** They come with every cluster and cannot go. */
export const SYSTEM_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
const NAME_LABEL = 'kubernetes.io/metadata.name';
const FINALIZER = 'kubernetes';

/** A namespace goes in two steps: marked here, emptied and released by its controller through `finalize`. */
export const namespaceRules: KindRules = {
  nameRule: dnsLabel,
  keepsNoGracePeriod: true,
  resets: { object: { 'f:status': {} }, status: { 'f:spec': {} } },

  setDefaults(namespace) {
    const { metadata } = namespace;
    if (metadata.name !== '') metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
  },

  prepareCreate(namespace) {
    namespace.metadata.labels = { ...namespace.metadata.labels, [NAME_LABEL]: namespace.metadata.name };
    namespace['status'] = { phase: 'Active' };
    const finalizers = objectAt(namespace, 'spec')['finalizers'];
    const given: readonly unknown[] = Array.isArray(finalizers) ? finalizers : [];
    namespace['spec'] = {
      ...objectAt(namespace, 'spec'),
      finalizers: given.includes(FINALIZER) ? given : [...given, FINALIZER],
    };
  },

  /** Finalizers of the spec change through `finalize` only. */
  prepareUpdate(next, current, _admission, subresource) {
    if (subresource === 'finalize') return;
    next['spec'] = { ...objectAt(next, 'spec'), finalizers: copy(objectAt(current, 'spec')['finalizers']) };
  },

  checkDelete(namespace) {
    if (['default', 'kube-public', 'kube-system'].includes(namespace.metadata.name)) {
      throw forbiddenRequest(NAMESPACES, namespace.metadata.name, 'this namespace may not be deleted');
    }
  },

  beginDelete(namespace) {
    namespace['status'] = { ...objectAt(namespace, 'status'), phase: 'Terminating' };
    const { spec } = namespace;
    return isObject(spec) && Array.isArray(spec['finalizers']) && spec['finalizers'].length > 0;
  },
};
