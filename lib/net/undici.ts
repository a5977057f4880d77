// The parts of undici for requests and tunnels. Its index would also load fetch, WebSocket, caches and
// mocks: 13 MB of memory at rest and 80 ms of each start, measured with 8.12.4. The index does the same
// to the prototype. conversation.ts loads the index at its first request.

import connect from 'undici/lib/api/api-connect.js';
import request from 'undici/lib/api/api-request.js';
import errors from 'undici/lib/core/errors.js';
import Client from 'undici/lib/dispatcher/client.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';

Object.assign(Dispatcher.prototype, { connect, request });

/** A dispatcher of one connection, and the errors of undici. */
export { Client, errors };
