// The runbook: a section for each alert and none without one, and commands that the CLI understands.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseFlags } from '../../../lib/cli/flags.ts';
import { commands } from '../../../lib/cli/registry.ts';
import { ALERTS } from '../../../tools/chart/monitoring/alerts.ts';

const runbook = readFileSync(join(import.meta.dirname, '../../../docs/runbook.md'), 'utf8');
const sections = runbook.split(/^## /m).slice(1);

describe('the runbook', () => {
  it('has a section for each alert, in their order, and no other one', () => {
    const titles = sections.map((section) => section.split('\n')[0]);
    expect(titles).to.deep.equal(ALERTS.map(({ name }) => name));
  });

  it('says in each section what it means, where to look and what to do', () => {
    for (const section of sections) {
      const parts = [...section.matchAll(/^\*\*(\w+)\.\*\*/gm)].map(([, part]) => part);
      expect(parts, section.slice(0, 30)).to.deep.equal(['Meaning', 'Look', 'Do']);
    }
  });

  it('links to sections that exist', () => {
    const anchors = ALERTS.map(({ name }) => name.toLowerCase());
    const links = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).to.be.greaterThan(5);
    for (const link of links) expect(anchors).to.include(link);
  });

  it('restarts only the gateway of the alert', () => {
    const restarts = [...runbook.matchAll(/rollout restart ([^`\n]*)/g)].map(([, of]) => of);
    expect(restarts).to.deep.equal(['statefulset/${POD%-0}']);
  });

  it('quotes addresses that a shell would read as patterns', () => {
    expect(runbook).to.not.match(/curl http[^`\s]*[?]/);
  });

  it('has commands of sluice that exist, with their flags', () => {
    const found = [...runbook.matchAll(/(?:^|`)sluice ((?:deliveries|check|rbac)[^`\n]*)/gm)];
    expect(found.length).to.be.greaterThan(20);
    for (const [, text = ''] of found) {
      const [first = '', ...rest] = text.split(' ');
      const group = { deliveries: commands.deliveries, check: commands.check, rbac: commands.rbac };
      if (!isOneOf(group, first)) throw new Error(`no command ${text}`);
      const entry = group[first];
      const [name = '', ...more] = rest;
      const isGroup = 'commands' in entry;
      const command = isGroup ? entry.commands[name] : entry;
      if (command === undefined) throw new Error(`no command ${text}`);
      expect(() => parseFlags(command.flags, isGroup ? more : rest), text).to.not.throw();
    }
  });
});

function isOneOf<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key);
}
