import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '@epinio/core';
import { eventually } from '@epinio/core/testkit';
import { needsBubblewrap } from './testkit/needs-bubblewrap.ts';
import { TestNode } from './testkit/test-node.ts';

const service = (name: string, clusterIP: string, namespace = 'apps'): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name },
  spec: { clusterIP, ports: [{ port: 6379 }] },
});

test('a container has the variables of the Services of its namespace, below its own', async () => {
  await using node = await TestNode.start({
    objects: [
      service('kubernetes', '127.96.0.1', 'default'),
      service('cache', '127.96.1.1'),
      service('other', '127.96.1.2', 'default'),
    ],
  });
  const image = await node.shellImage(
    'env',
    'env | grep ^[A-Z]*_SERVICE_HOST= | sort; echo $CACHE_PORT $FROM',
  );
  const env = [
    { name: 'CACHE_PORT', value: 'own' },
    { name: 'FROM', value: '$(CACHE_SERVICE_HOST):$(CACHE_SERVICE_PORT)' },
  ];
  const containers = [{ name: 'main', image, env }];
  await node.createPod('linked', { restartPolicy: 'Never', containers });
  await node.createPod('alone', { restartPolicy: 'Never', containers, enableServiceLinks: false });
  for (const name of ['linked', 'alone']) await node.untilPhase(name, 'Succeeded');
  const api = 'KUBERNETES_SERVICE_HOST=127.96.0.1\n';
  assert.equal(await node.logs('linked'), `CACHE_SERVICE_HOST=127.96.1.1\n${api}own 127.96.1.1:6379\n`);
  assert.equal(await node.logs('alone'), `${api}own $(CACHE_SERVICE_HOST):$(CACHE_SERVICE_PORT)\n`);
});

test('a pod knows Services by their names, also those that come later, and its aliases', async (t) => {
  if (!needsBubblewrap(t)) return;
  await using node = await TestNode.start({ objects: [service('cache', '127.96.1.1')] });
  const image = await node.shellImage(
    'resolve',
    'while read -r name; do getent hosts $name; done <<E\n$NAMES\nE\ncat /etc/hosts >/tmp/before; while cmp -s /etc/hosts /tmp/before; do sleep 0.05; done; getent hosts late.default.svc || echo none; getent hosts cache late || echo gone',
  );
  await node.createPod('resolver', {
    restartPolicy: 'Never',
    hostAliases: [{ ip: '127.0.0.9', hostnames: ['alias', 'other.alias'] }],
    containers: [
      {
        name: 'main',
        image,
        env: [{ name: 'NAMES', value: 'cache\ncache.apps.svc.cluster.local\nother.alias' }],
      },
    ],
  });
  await node.untilPhase('resolver', 'Running');
  await eventually(async () => assert.match(await node.logs('resolver'), /alias/));
  await node.kube.create(service('late', '127.96.1.3', 'default'));
  await node.untilPhase('resolver', 'Succeeded');
  const [cache, full, alias, late, bare] = (await node.logs('resolver')).split('\n');
  assert.match(cache ?? '', /^127\.96\.1\.1 +cache cache\.apps/);
  assert.match(full ?? '', /^127\.96\.1\.1 /);
  assert.match(alias ?? '', /^127\.0\.0\.9 +alias other\.alias/);
  assert.match(late ?? '', /^127\.96\.1\.3 +late\.default /);
  assert.match(bare ?? '', /^127\.96\.1\.1 /);
});
