// Generated files agree with their sources, and what the reference shows works.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { PROBLEM_CODES } from '../../lib/core/problem.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { configurationSchema } from '../../lib/plan/schema.ts';
import type { HttpSection } from '../../lib/triggers/http/section.ts';
import { httpKind } from '../../lib/triggers/http.ts';
import { chartKinds } from '../../tools/chart/chart-kinds.ts';
import { configurationReference } from '../../tools/configuration-reference.ts';
import { generatedFiles } from '../../tools/generate.ts';
import { EXAMPLE } from '../../tools/reference-text.ts';
import { VALIDATORS } from '../support/validators.ts';

const ROOT = new URL('../../', import.meta.url);

describe('generated files', () => {
  it('match their sources (node tools/generate.ts writes them)', async () => {
    for (const [path, text] of await generatedFiles()) {
      expect(readFileSync(new URL(path, ROOT), 'utf8'), path).to.equal(text);
    }
  }).timeout(20_000);
});

describe('the kinds for the chart', () => {
  const { http } = chartKinds().triggers;

  it('know every key of http that refers to a secret', () => {
    expect(http?.references.length).to.be.greaterThan(15);
    for (const { path, to } of http?.references ?? []) {
      const keys = path.map((key) => (key === '*' ? 'a' : key));
      const section: unknown = keys.reduceRight<unknown>((below, key) => ({ [key]: below }), 'x');
      const [needed, ...more] = httpKind.secrets?.(section as HttpSection) ?? [];
      expect(more).to.deep.equal([]);
      expect(needed).to.deep.include({ path: `/${keys.join('/')}` });
      expect(needed?.ref).to.deep.equal(to === 'file' ? { file: 'x' } : { env: 'x' });
    }
  });

  it('know every key that names a URL', () => {
    expect(http?.urls).to.deep.equal([['url'], ['proxy', 'url']]);
  });
});

describe('configurationReference', () => {
  const reference = configurationReference();

  it('explains every problem code', () => {
    for (const code of PROBLEM_CODES) expect(reference).to.include(`| \`${code}\` | `);
  });

  it('links only to existing headings', () => {
    const headings = [...reference.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...reference.matchAll(/\]\(#([^)]*)\)/g)].map(([, link]) => link);
    expect(links.length).to.be.greaterThan(10);
    for (const link of links) expect(headings).to.include(link);
  });

  it('shows an example without problems', () => {
    const request = {
      text: EXAMPLE,
      namespace: 'sluice',
      buildNamespace: 'sluice',
      exec: 'refused' as const,
      validators: VALIDATORS,
    };
    expect(loadPlan(request).problems).to.deep.equal([]);
    expect(reference).to.include(EXAMPLE);
  });

  it("reads the original's example on it as the original's form, without a problem", () => {
    const text = /```json\n([^`]+)```/.exec(reference)?.[1] ?? '';
    const loaded = loadPlan({
      text,
      namespace: 'ci',
      buildNamespace: 'ci',
      exec: 'refused',
      validators: VALIDATORS,
    });
    expect(loaded).to.include({ form: 'original' });
    expect(loaded.problems).to.deep.equal([]);
  });
});

describe('configurationSchema', () => {
  it('names only the host of JSON Schema and reserved host names', () => {
    const text = JSON.stringify(configurationSchema());
    const hosts = [...text.matchAll(/https?:\/\/([^/"]+)/g)].map(([, host]) => host);
    // RFC 2606: `.test` is for examples.
    const real = hosts.filter((host) => !/\.test(:\d+)?$/.test(host ?? ''));
    expect(real).to.deep.equal(['json-schema.org']);
  });

  it('describes every pattern in words, because messages show no pattern', () => {
    const silent: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      if ('pattern' in schema && !('description' in schema)) silent.push(path);
      for (const [key, value] of Object.entries(schema)) walk(value, `${path}/${key}`);
    };
    walk(configurationSchema(), '');
    expect(silent).to.deep.equal([]);
  });

  it('describes every key', () => {
    const undescribed: string[] = [];
    const walk = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [key, value] of Object.entries(
        'properties' in schema ? (schema.properties ?? {}) : {},
      )) {
        const at = `${path}/${key}`;
        const isDescribed = typeof value === 'object' && value !== null && 'description' in value;
        if (!isDescribed) undescribed.push(at);
        walk(value, at);
      }
      if ('items' in schema) walk(schema.items, `${path}/*`);
      if ('additionalProperties' in schema) walk(schema.additionalProperties, `${path}/*`);
    };
    walk(configurationSchema(), '');
    expect(undescribed).to.deep.equal([]);
  });
});
