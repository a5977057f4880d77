// Warnings of `check` about secrets in clear, which are recognized by their place.

import { expect } from 'chai';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { httpKind } from '../../../lib/triggers/http.ts';
import { CONTEXT } from '../support/parts.ts';
import { URL_OF_SPECS } from './support/fake-receiver.ts';

const SECRETS = { secrets: { S: { env: 'S' } } } as const;

function warned(section: Partial<HttpSection>): readonly string[] {
  const findings = httpKind.check?.({ url: URL_OF_SPECS, ...section }, CONTEXT) ?? [];
  for (const { message, hint } of findings) {
    expect(message).to.match(/^found .*\(expected /);
    expect(message + hint).not.to.include('hunter2');
    expect(hint).to.include('${secret:NAME}');
  }
  return findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

describe('a secret in clear', () => {
  const webhooks = [
    'https://hooks.slack.com/services/T00/B00/hunter2',
    'https://hooks.slack.com/workflows/T00/A00/1/hunter2',
    'https://slack.proxy.example.test/services/T00/B00/hunter2',
    'https://contoso.webhook.office.com/webhookb2/hunter2',
    'https://outlook.office.com/webhook/hunter2',
    'https://prod-1.westeurope.logic.azure.com:443/workflows/hunter2/triggers/manual/paths/invoke',
    'https://discord.com/api/webhooks/1234/hunter2',
    'https://discordapp.com/api/v10/webhooks/1234/hunter2',
    'https://chat.googleapis.com/v1/spaces/AAAA/messages',
    'https://chat.example.test/hooks/hunter2hunter2hunter2hunte',
    'https://api.telegram.org/bot1234:hunter2/sendMessage',
    'https://webexapis.com/v1/webhooks/incoming/hunter2',
    'https://open.feishu.cn/open-apis/bot/v2/hook/hunter2',
    'https://hooks.zapier.com/hooks/catch/1/hunter2',
    'https://maker.ifttt.com/trigger/x/with/key/hunter2',
  ];
  for (const url of webhooks) {
    it(`is found in ${url.replace(/hunter2.*/, '…')}`, () => {
      expect(warned({ url })).to.deep.equal(['warning secret-in-clear /url']);
    });
  }

  const queries = ['token', 'private_token', 'access_token', 'apikey', 'api_key', 'api-key', 'key'];
  for (const name of [...queries, 'sig', 'code', 'secret', 'password', 'accessToken', 'authkey']) {
    it(`is found in the query as ${name}`, () => {
      const url = `https://h.test/x?a=b&${name}=hunter2`;
      expect(warned({ url })).to.deep.equal(['warning secret-in-clear /url']);
    });
  }

  const headers = [
    'PRIVATE-TOKEN',
    'X-Api-Key',
    'X-Gitlab-Token',
    'Cookie',
    'Circle-Token',
    'X-Key',
  ];
  for (const name of [...headers, 'JOB-TOKEN', 'api-key', 'DD-API-KEY', 'X-Auth', 'X-Secret']) {
    it(`is found in the header ${name}`, () => {
      const found = warned({ headers: { [name]: 'hunter2' } });
      expect(found).to.deep.equal([`warning secret-in-clear /headers/${name}`]);
    });
  }

  it('is an error in authorization', () => {
    const findings = httpKind.check?.(
      { url: URL_OF_SPECS, headers: { Authorization: 'Bearer hunter2' } },
      CONTEXT,
    );
    expect(findings?.map(({ severity }) => severity)).to.include('error');
    expect(JSON.stringify(findings)).not.to.include('hunter2');
  });

  it('is found in the body at any depth', () => {
    const body = { routing_key: 'hunter2', a: [{ token: 'hunter2' }], apiKey: 'hunter2' };
    expect(warned({ body })).to.deep.equal([
      'warning secret-in-clear /body/routing_key',
      'warning secret-in-clear /body/a/0/token',
      'warning secret-in-clear /body/apiKey',
    ]);
  });

  it('is found in a form that is a text', () => {
    const contentType = 'application/x-www-form-urlencoded';
    const body = 'ref=main&token=hunter2&a=${event.reason}';
    expect(warned({ body, contentType })).to.deep.equal(['warning secret-in-clear /body']);
  });

  const fine: readonly Partial<HttpSection>[] = [
    { url: 'https://ci.example.test/job/x/build?delay=0sec&cause=hunter' },
    { url: 'https://hooks.slack.com/services/${secret:S}', ...SECRETS },
    { url: 'https://h.test/x?token=${secret:S}&reason=${event.reason}', ...SECRETS },
    { url: 'https://h.test/x?key=${event.reason}&token=' },
    { url: 'https://h.test/services/api/build' },
    { url: 'https://ci.example.test/triggers/build' },
    { url: 'https://ci.example.test/api/workflows/7' },
    { headers: { 'X-Api-Key': '${secret:S}', 'X-Team': 'hunter', 'X-Token': '' }, ...SECRETS },
    { headers: { Authorization: 'Bearer ${secret:S}' }, ...SECRETS },
    {
      body: { token: '${secret:S}', dedup_key: '${id}', key: 'OPS-1', password: true },
      ...SECRETS,
    },
  ];
  for (const section of fine) {
    it(`is not found in ${JSON.stringify(section).slice(0, 80)}`, () => {
      expect(warned(section)).to.deep.equal([]);
    });
  }
});
