// A receiver to try webhooks with: prints a line for each request and answers 204. It drops what it
// has seen before, by `Idempotency-Key`, and says so. Usage: node samples/receiver.js [PORT [HOST]]
// With ECHO=1 it also prints what it got: a line with the headers and a line with the body, both as
// JSON. Values of headers that can hold a secret are left out.
import { createServer } from 'node:http';
import process from 'node:process';

// What Sluice, CloudEvents and Standard Webhooks send, besides what every request has.
const PUBLIC = /^(accept|content-|host$|user-agent$|idempotency-key$|sluice-|ce-|webhook-id$|webhook-timestamp$)/;
const LONGEST_BODY = 64 * 1024;

const isEcho = process.env.ECHO === '1';
const seen = new Set();

function shownHeaders(headers) {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, PUBLIC.test(name) ? value : '(not shown)']));
}

// Only what an echo prints is kept, so a large body costs no memory.
function bodyOf(request) {
  const parts = [];
  let bytes = 0;
  request.on('data', (part) => {
    if (isEcho && bytes < LONGEST_BODY) parts.push(part);
    bytes += part.length;
  });
  return () => {
    const text = Buffer.concat(parts).subarray(0, LONGEST_BODY).toString();
    return bytes > LONGEST_BODY ? `${text} (${bytes} bytes in all)` : text;
  };
}

const server = createServer((request, response) => {
  const body = bodyOf(request);
  request.on('end', () => {
    const id = request.headers['idempotency-key'];
    const note = seen.has(id) ? ', seen before: dropped' : '';
    if (id !== undefined) seen.add(id);
    console.log(`${request.url} ${id} attempt ${request.headers['sluice-attempt']}${note}`);
    if (isEcho) {
      console.log(`  headers ${JSON.stringify(shownHeaders(request.headers))}`);
      console.log(`  body ${JSON.stringify(body())}`);
    }
    response.writeHead(204).end();
  });
});
server.listen(Number(process.argv[2] ?? 9000), process.argv[3] ?? '127.0.0.1');
// As the first process of a container it gets no default reaction to the signal.
process.on('SIGTERM', () => process.exit(0));
