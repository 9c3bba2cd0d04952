import { Store } from '../store.ts';

/*
 * Run by the crash test in a process of its own, which is killed while it writes: several clients change objects of
 * their own, and say what was acknowledged on stdout, a line each: client, value, revision.
 */
const [directory = '', clients = '8'] = process.argv.slice(2);
const store = await Store.open({ directory, history: 200 });
process.stdout.write(`open ${store.revision}\n`);

await Promise.all(
  Array.from({ length: Number(clients) }, async (_, client) => {
    for (;;) {
      const stored = await store.write('/counters', `c${client}`, (current) => ({
        type: 'put',
        object: {
          kind: 'Counter',
          apiVersion: 'v1',
          metadata: { name: `c${client}` },
          value: Number(current?.object['value'] ?? 0) + 1,
          padding: 'x'.repeat(500),
        },
      }));
      process.stdout.write(`${client} ${Number(stored?.object['value'])} ${stored?.revision ?? 0}\n`);
    }
  }),
);
