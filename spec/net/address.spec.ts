// Forbidden addresses in every spelling, and names that resolve to one.

import type { LookupFunction } from 'node:net';
import { expect } from 'chai';
import { hostOf, isForbidden } from '../../lib/net/address.ts';
import { NEVER } from '../support/never.ts';
import { aClient, aRequest, httpReceiver } from './support/receiver.ts';

const FORBIDDEN: readonly string[] = [
  'http://169.254.169.254/',
  'http://169.254.0.1/',
  'http://2852039166/',
  'http://0xa9fea9fe/',
  'http://0xA9.0xFE.0xA9.0xFE/',
  'http://0251.0376.0251.0376/',
  'http://169.254.43518/',
  'http://169.254.169.254./',
  'http://[fe80::1]/',
  'http://[febf::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[fd00:ec2::254]/',
  'http://[fd00:ec2::23]/',
  'http://[fd00:ec2:ffff::1]/',
  'http://[fd20:ce::254]/',
  'http://[fd00:c1::a9fe:a9fe]/',
  'http://[fd00:a9fe:a9fe::1]/',
  'http://[fd00:42::42]/',
  'http://[fd00:100::100:200]/',
  'http://100.100.100.200/',
  'http://[64:ff9b::100.100.100.200]/',
  'http://168.63.129.16/',
  'http://192.0.0.192/',
  'http://0.0.0.0/',
  'http://0/',
  'http://[::]/',
  'http://[::ffff:0.0.0.0]/',
  'http://[64:ff9b::]/',
  ...[
    ['IPv4-compatible', '[::169.254.169.254]'],
    ['IPv4-translated', '[::ffff:0:169.254.169.254]'],
    ['local NAT64, /96', '[64:ff9b:1::169.254.169.254]'],
    ['local NAT64, /64', '[64:ff9b:1:0:a9:fea9:fe00:0]'],
    ['local NAT64, /56', '[64:ff9b:1:a9:fe:a9fe::]'],
    ['local NAT64, /48', '[64:ff9b:1:a9fe:a9:fe00::]'],
    ['6to4', '[2002:a9fe:a9fe::1]'],
    ['Teredo, the server', '[2001:0:a9fe:a9fe::1]'],
    ['Teredo, the client', '[2001:0:4136:e378:8000:63bf:5601:5601]'],
    ['ISATAP', '[2001:db8::5efe:169.254.169.254]'],
    ['ISATAP of a global address', '[2001:db8::200:5efe:a9fe:a9fe]'],
    ['6to4 of Alibaba Cloud', '[2002:6464:64c8::1]'],
    ['NAT64 of Azure', '[64:ff9b::168.63.129.16]'],
  ].map(([form, host]) => `http://${host}/ (${form})` as const),
];

const ALLOWED = [
  'http://127.0.0.1/',
  'http://[::1]/',
  'http://10.0.0.1/',
  'http://192.168.1.1/',
  'http://172.16.0.1/',
  'http://169.253.255.255/',
  'http://169.255.0.0/',
  'http://[fd00::1]/',
  'http://[fec0::1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://100.100.100.201/',
  'http://8.8.8.8/',
  'http://[::10.0.0.1]/',
  'http://[64:ff9b::10.0.0.1]/',
  'http://[64:ff9b:1::10.0.0.1]/',
  'http://[64:ff9b:1:a00:0:100::]/',
  'http://[2002:a00:1::1]/',
  'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
  'http://[2001:db8::5efe:10.0.0.1]/',
  'http://[2001:db8::a9fe:a9fe]/',
  'http://[fd00:ec3::1]/',
  'http://[fd00:100::100:201]/',
] as const;

describe('forbidden addresses', () => {
  for (const written of FORBIDDEN) {
    it(`are refused as ${written}, before anything is sent`, async () => {
      await using client = aClient();
      const [url = ''] = written.split(' ');
      const result = await client.send(aRequest(new URL(url)), NEVER);
      expect(result).to.include({
        answered: false,
        reached: 'never',
        failure: 'forbidden-address',
      });
    });
  }

  for (const url of ALLOWED) {
    it(`are not ${url}`, () => {
      expect(isForbidden(hostOf(new URL(url)))).to.equal(false);
    });
  }

  for (const address of ['fe80::1%eth0', '::ffff:169.254.169.254%eth0', '2002:a9fe:a9fe::1%1']) {
    it(`are recognized with a zone: ${address}`, () => {
      expect(isForbidden(address)).to.equal(true);
    });
  }

  const answers = [
    ['one address', [{ address: '169.254.169.254', family: 4 }]],
    ['a mapped address', [{ address: '::ffff:169.254.169.254', family: 6 }]],
    ['an address of 6to4', [{ address: '2002:a9fe:a9fe::1', family: 6 }]],
    [
      'one beside a good one',
      [
        { address: '127.0.0.1', family: 4 },
        { address: 'fe80::1', family: 6 },
      ],
    ],
  ] as const;
  for (const [what, addresses] of answers) {
    it(`are refused if a name resolves to ${what}`, async () => {
      const lookup: LookupFunction = (_name, _options, callback) => callback(null, [...addresses]);
      await using client = aClient({}, { lookup });
      const url = new URL('http://rebound.example.test:9/');
      expect(await client.send(aRequest(url), NEVER)).to.deep.equal({
        answered: false,
        reached: 'never',
        failure: 'forbidden-address',
        code: 'forbidden-address',
        detail: `link-local, metadata or unspecified: rebound.example.test is ${
          addresses.at(-1)?.address ?? ''
        }`,
      });
    });
  }

  it('are checked at every connection, also if a name changes its address later', async () => {
    await using receiver = await httpReceiver((_request, response) => {
      response.setHeader('connection', 'close');
      response.end();
    });
    let asked = 0;
    const lookup: LookupFunction = (_name, _options, callback) => {
      asked += 1;
      callback(null, [{ address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }]);
    };
    await using client = aClient({}, { lookup });
    const request = aRequest(receiver.url('/', 'rebound.example.test'));
    expect(await client.send(request, NEVER)).to.include({ answered: true, status: 200 });
    expect(await client.send(request, NEVER)).to.include({ failure: 'forbidden-address' });
  });
});
