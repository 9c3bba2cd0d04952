import { hostname } from 'node:os';
import express from 'express';
import { page } from './page.js';

const { PORT = 8080, HOSTNAME = hostname(), GREETING = 'Hello' } = process.env;
let requests = 0;

const app = express().disable('x-powered-by');

app.get('/', (request, response) => {
  requests += 1;
  const runtime = `Node.js ${process.version} with Express`;
  response.send(page({ app: 'nodejs', language: 'Node.js', runtime, greeting: GREETING, instance: HOSTNAME, requests }));
});

const server = app.listen(PORT, (error) => {
  if (error) throw error;
  console.log(`nodejs: listening on port ${server.address().port}`);
});

// The platform asks an instance to stop with SIGTERM: finish what is open, then go.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    console.log(`nodejs: ${signal}, stopping after ${requests} requests`);
    server.close();
    server.closeIdleConnections();
  });
}
