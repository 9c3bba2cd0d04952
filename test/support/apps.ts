/**
 * A Node.js application without dependencies. It answers every request with `text` and an id that is new with
 * every process; `/port` tells where it listens, and `/exit` ends it.
 */
export function webApp(text: string, more = ''): Record<string, string> {
  return {
    'package.json': JSON.stringify({
      name: 'web',
      version: '1.0.0',
      private: true,
      scripts: { start: 'node server.js' },
    }),
    'server.js': `
      const { createServer } = require('node:http');
      const { randomUUID } = require('node:crypto');
      ${more}
      const id = randomUUID();
      const server = createServer((request, response) => {
        if (request.url === '/exit') process.exit(1);
        response.end(request.url === '/port' ? process.env.PORT : ${JSON.stringify(text)} + ' ' + id);
      });
      server.listen(process.env.PORT, () => console.log('listening'));
      process.on('SIGTERM', () => server.close(() => process.exit(0)));
    `,
  };
}

/** A Node.js application that is just this program. */
export function program(source: string): Record<string, string> {
  return { ...webApp(''), 'server.js': source };
}
