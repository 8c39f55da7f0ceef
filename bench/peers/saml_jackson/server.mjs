// The smallest HTTP server that hands SCIM requests to the package: /<directory>/Users/<id>?…

import http from 'node:http';
import { directoryOf, open } from './directory.mjs';

const { sync } = await open();
const directory = await directoryOf(sync);
const noEvents = async () => {};

async function answer(request, text) {
  const url = new URL(request.url, 'http://localhost');
  const [, directoryId, resourceType = '', resourceId] = url.pathname.split('/');
  const query = url.searchParams;
  const number = (name) => (query.has(name) ? Number(query.get(name)) : undefined);
  return sync.requests.handle(
    {
      method: request.method,
      directoryId,
      resourceType,
      resourceId,
      apiSecret: (request.headers.authorization ?? '').replace(/^Bearer /, ''),
      body: text ? JSON.parse(text) : undefined,
      query: {
        count: number('count'),
        startIndex: number('startIndex'),
        filter: query.get('filter') ?? undefined,
      },
    },
    noEvents,
  );
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', async () => {
    let status = 500;
    let body = '{}';
    try {
      const found = await answer(request, Buffer.concat(parts).toString());
      status = found.status;
      body = JSON.stringify(found.data ?? {});
    } catch (error) {
      body = JSON.stringify({ detail: String(error) });
    }
    response.writeHead(status, {
      'Content-Type': 'application/scim+json',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PEER_PORT), '127.0.0.1', () => {
  console.log(`listening ${directory.id} ${directory.scim.secret}`);
});
