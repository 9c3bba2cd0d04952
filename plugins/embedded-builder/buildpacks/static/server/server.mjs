// node server.mjs FOLDER [--push-state]: serves the files of a folder on PORT.
import { realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { answer } from './answer.mjs';
import { Files } from './files.mjs';

const [folder = '.', ...options] = process.argv.slice(2);
const site = { files: new Files(realpathSync(folder)), pushState: options.includes('--push-state') };

const server = createServer((request, response) => {
  answer(request, response, site).catch((error) => {
    // A client that went away is no news.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE')
      console.error(`${request.method} ${request.url}: ${error.message}`);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { 'content-type': 'text/plain' }).end('Something went wrong\n');
  });
});

server.listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`Serving the files of ${folder} on port ${server.address().port}`);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    console.log(`${signal}: finishing open requests`);
    server.close();
    server.closeIdleConnections();
  });
}
