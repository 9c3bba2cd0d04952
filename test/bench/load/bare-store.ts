// The least that answers like an API with durable objects: JSON over TLS and LMDB; what is posted is on the disk first.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { open } from 'lmdb';
import type { BaselineOptions } from './baseline.ts';

process.once('message', (options: BaselineOptions) => {
  serve(options);
});

function serve({ cert, key, file = '' }: BaselineOptions): void {
  const disk = open<string, string>({
    ...{ path: file, noSubdir: true, encoding: 'string' },
    ...{ overlappingSync: false }, // on disk when it says so
  });
  const objects = new Map<string, string>();
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    void (async () => {
      outgoing.setHeader('content-type', 'application/json');
      if (incoming.method === 'POST') {
        let text = '';
        for await (const chunk of incoming as AsyncIterable<Buffer>) text += chunk.toString();
        const object = JSON.parse(text) as { metadata: { name: string; uid?: string } };
        object.metadata.uid = String(objects.size);
        const json = JSON.stringify(object);
        await disk.put(object.metadata.name, json);
        objects.set(object.metadata.name, json);
        outgoing.statusCode = 201;
        outgoing.end(json);
        return;
      }
      const name = (incoming.url ?? '').split('/').at(-1) ?? '';
      outgoing.end(name === 'configmaps' ? `{"items":[${[...objects.values()].join()}]}` : objects.get(name));
    })();
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}
