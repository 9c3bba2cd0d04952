// The least that answers like an API with durable objects: JSON over TLS; what is posted is on the disk first.
import { open } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { BaselineOptions } from './baseline.ts';

process.once('message', (options: BaselineOptions) => void serve(options));

async function serve({ cert, key, file = '' }: BaselineOptions): Promise<void> {
  const disk = await open(file, 'a');
  let object = '{}';
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    void (async () => {
      if (incoming.method === 'POST') {
        let text = '';
        for await (const chunk of incoming as AsyncIterable<Buffer>) text += chunk.toString();
        object = JSON.stringify(JSON.parse(text));
        await disk.appendFile(object);
        await disk.datasync();
        outgoing.statusCode = 201;
      }
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(object);
    })();
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}
