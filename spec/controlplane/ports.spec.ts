// Ports that nobody else is given, in this process or another.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { claim, freePorts } from './ports.ts';

const run = promisify(execFile);

describe('freePorts', () => {
  it('gives no port twice, to this process or another, and leaves each to listen on', async () => {
    const [port = 0] = await freePorts(1);
    expect(await claim(port), 'here').to.equal(false);
    const source = `import('./ports.ts').then(async (m) => console.log(await m.claim(${port})))`;
    const options = { cwd: import.meta.dirname };
    const { stdout } = await run(process.execPath, ['--eval', source], options);
    expect(stdout.trim(), 'elsewhere').to.equal('false');
    const server = createServer();
    await once(server.listen(port, '127.0.0.1'), 'listening');
    server.close();
  });
});
