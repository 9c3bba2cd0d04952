/** A Node.js application without dependencies that answers every request with `text`. */
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
      ${more}
      const server = createServer((request, response) => response.end(${JSON.stringify(text)} + ' ' + process.pid));
      server.listen(process.env.PORT, () => console.log('listening'));
      process.on('SIGTERM', () => server.close(() => process.exit(0)));
    `,
  };
}

/** A Node.js application that is just this program. */
export function program(source: string): Record<string, string> {
  return { ...webApp(''), 'server.js': source };
}
