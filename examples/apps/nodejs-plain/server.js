import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { page } from './page.js';

const { PORT = 8080, HOSTNAME = hostname(), GREETING = 'Hello' } = process.env;
let requests = 0;

const server = createServer((request, response) => {
  if (request.url !== '/') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
    return;
  }
  requests += 1;
  const runtime = `Node.js ${process.version}, no dependencies`;
  const body = page({ app: 'nodejs-plain', language: 'Node.js', runtime, greeting: GREETING, instance: HOSTNAME, requests });
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(body);
});

server.listen(PORT, () => console.log(`nodejs-plain: listening on port ${server.address().port}`));

// The platform asks an instance to stop with SIGTERM: finish what is open, then go.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    console.log(`nodejs-plain: ${signal}, stopping after ${requests} requests`);
    server.close();
    server.closeIdleConnections();
  });
}
