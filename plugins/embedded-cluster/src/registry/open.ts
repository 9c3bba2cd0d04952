import type { Log } from '@epinio/core';
import { reconcileBootstrapPolicy } from '../auth/bootstrap/reconcile.ts';
import { internalRequest } from './internal-request.ts';
import { SYSTEM_NAMESPACES } from '../kinds/namespace.ts';
import { Store, type StoreOptions } from '../storage/store.ts';
import { Catalog } from './catalog.ts';
import { CustomResources } from './custom-resources.ts';
import { Registry } from './registry.ts';

export interface OpenRegistry {
  readonly registry: Registry;
  readonly close: () => Promise<void>;
}

/** Opens the store with all its kinds, custom ones included, and with the namespaces and roles that every cluster has. */
export async function openRegistry(options: StoreOptions, log: Log): Promise<OpenRegistry> {
  const store = await Store.open(options);
  const registry = new Registry(new Catalog(), store);
  const request = internalRequest('kube-apiserver');
  const customResources = new CustomResources(registry, request, log);
  const namespaces = registry.catalog.findKind('v1', 'Namespace');
  if (namespaces === undefined) throw new Error('the catalog has no namespaces');
  const missing = SYSTEM_NAMESPACES.filter(
    (name) => store.collection(namespaces.collection).get(name) === undefined,
  );
  await Promise.all(
    missing.map((name) => registry.create(namespaces, undefined, { metadata: { name } }, request)),
  );
  await reconcileBootstrapPolicy(registry);
  registry.quotas.start(log);
  return {
    registry,
    async close() {
      registry.quotas.close();
      customResources.close();
      registry.authorizer.close();
      await store.close();
    },
  };
}
