/** A program that answers with its process id on its PORT. */
export const SERVER = `require('http').createServer((q, s) => s.end('hello from ' + process.pid)).listen(process.env.PORT, '127.0.0.1', () => console.log('up'))`;

/** What its container declares. */
export const ports = [{ containerPort: 8080, name: 'http' }];

/** Whether it listens. */
export const tcp = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
