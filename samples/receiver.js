// A receiver to try webhooks with: prints a line for each request and answers 204. It drops what it
// has seen before, by `Idempotency-Key`, and says so. Usage: node samples/receiver.js [PORT]
import { createServer } from 'node:http';

const seen = new Set();
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const id = request.headers['idempotency-key'];
    const note = seen.has(id) ? ', seen before: dropped' : '';
    seen.add(id);
    console.log(`${request.url} ${id} attempt ${request.headers['sluice-attempt']}${note}`);
    response.writeHead(204).end();
  });
});
server.listen(Number(process.argv[2] ?? 9000), '127.0.0.1');
