// Wrong and right configurations: each file of spec/data/configs with its expected problems. A person
// has read every message and asked whether it says what to do.

import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { ProblemCode } from '../../lib/core/problem.ts';
import type { LoadedPlan } from '../../lib/plan/load-plan.ts';
import { renderProblems } from '../../lib/plan/problem-text.ts';
import { load as loadText } from './plans.ts';

type Expected = readonly [code: ProblemCode, path: string, line: number, column: number];
type Table = Readonly<Record<string, readonly Expected[]>>;

const FOLDER = new URL('../data/configs/', import.meta.url);

const BAD: Table = {
  'a-list.yaml': [['wrong-file', '', 1, 1]],
  'a-text.yaml': [['wrong-file', '', 1, 1]],
  'alertmanager.yaml': [['wrong-file', '', 1, 1]],
  'alias-bomb.yaml': [['too-many-aliases', '', 1, 1]],
  'argo-events-sensor.yaml': [['wrong-file', '', 1, 1]],
  'bad-count.yaml': [['bad-count', '/filters/0/count/1', 4, 16]],
  'bad-durations-and-rates.yaml': [
    ['bad-duration', '/filters/0/again/quiet', 5, 21],
    ['wrong-type', '/delivery/timeout', 10, 12],
    ['bad-duration', '/delivery/retry/first', 11, 19],
    ['bad-rate', '/limits/perObject', 13, 14],
    ['bad-duration', '/limits/holdFor', 15, 12],
  ],
  'bad-names.yaml': [
    ['bad-name', '/sources/shop events', 3, 3],
    ['bad-name', '/triggers/-build', 9, 3],
    ['wrong-value', '/triggers/-build/prefix', 11, 13],
  ],
  'bad-patterns.yaml': [
    ['bad-pattern', '/filters/0/reasons/1', 3, 24],
    ['bad-pattern', '/filters/1/message', 5, 14],
    ['bad-pattern', '/filters/2/objectName', 7, 17],
  ],
  'binary.yaml': [['wrong-file', '', 0, 0]],
  'broken-flow.json': [['not-yaml', '', 5, 5]],
  'body-and-secrets.yaml': [
    ['wrong-value', '/triggers/both/http/body', 9, 13],
    ['bad-template', '/triggers/both/http/body/key', 9, 42],
    ['template-place', '/triggers/both/http/body/${id}', 9, 70],
    ['bad-template', '/triggers/both/http/body/evnt', 9, 79],
    ['wrong-value', '/triggers/text/http/urlFile', 13, 16],
    ['template-place', '/triggers/text/http/body', 15, 13],
    ['wrong-value', '/triggers/text/http/expect/status/1', 16, 31],
    ['wrong-value', '/triggers/text/http/expect/json/path', 16, 51],
    ['secret-in-clear', '/triggers/clear/http/url', 19, 12],
    ['secret-in-clear', '/triggers/clear/http/headers/PRIVATE-TOKEN', 20, 33],
    ['wrong-value', '/triggers/clear/http/headers/Authorization', 20, 57],
    ['wrong-value', '/triggers/none/http', 23, 7],
    ['wrong-value', '/triggers/none/http/compression', 25, 20],
    ['wrong-type', '/triggers/none/http/secrets/TOKEN', 26, 25],
  ],
  'comments-only.yaml': [['wrong-file', '', 1, 1]],
  'config-map.yaml': [['wrong-file', '', 1, 1]],
  'docker-compose.yaml': [['wrong-file', '', 1, 1]],
  'duplicate-keys.yaml': [
    ['duplicate-key', '/filters/0/kind', 5, 5],
    ['duplicate-key', '/filters', 6, 1],
  ],
  'duplicate-names.yaml': [
    ['duplicate-name', '/filters/1/name', 7, 5],
    ['duplicate-name', '/triggers/other/formerly/0', 15, 16],
  ],
  'empty.yaml': [['wrong-file', '', 0, 0]],
  'event-exporter.yaml': [['wrong-file', '', 1, 1]],
  'future-keys.yaml': [
    ['wrong-value', '/version', 1, 10],
    ['unknown-key', '/filters/0/again/every', 5, 14],
    ['unknown-key', '/store/postgres', 9, 10],
    ['unknown-key', '/tests', 10, 1],
  ],
  'helm-values-with-a-text.yaml': [['wrong-file', '/config', 2, 1]],
  'helm-values.yaml': [['wrong-file', '/config', 2, 1]],
  'impossible-settings.yaml': [
    ['wrong-value', '/delivery/concurrency', 9, 16],
    ['wrong-value', '/delivery/timeout', 10, 12],
    ['wrong-value', '/delivery/retry/max', 11, 29],
    ['wrong-value', '/http/probes', 12, 17],
    ['wrong-value', '/logging/level', 13, 19],
    ['unknown-key', '/logging/colour', 13, 28],
    ['wrong-type', '/guard/namespace', 14, 21],
  ],
  'json-lines.jsonl': [['wrong-file', '', 0, 0]],
  'kubeconfig.yaml': [['wrong-file', '', 1, 1]],
  'kubernetes-manifest.yaml': [['wrong-file', '', 1, 1]],
  'manifest-mistakes.yaml': [
    ['name-is-ours', '/triggers/job/kubernetes/manifest/metadata/name', 11, 27],
    [
      'template-place',
      '/triggers/job/kubernetes/manifest/spec/template/spec/containers/0/image',
      18,
      26,
    ],
    [
      'shell-argument',
      '/triggers/job/kubernetes/manifest/spec/template/spec/containers/0/args/0',
      20,
      26,
    ],
    [
      'bad-template',
      '/triggers/job/kubernetes/manifest/spec/template/spec/containers/0/env/0/value',
      21,
      43,
    ],
  ],
  'missing-action.yaml': [['missing-key', '/filters/1', 6, 5]],
  'missing-project.yaml': [['missing-key', '/triggers/build/brigade', 8, 5]],
  'misspelled-filters.yaml': [['wrong-file', '', 1, 1]],
  'misspelled-sections.yaml': [
    ['unknown-key', '/cluser', 2, 1],
    ['wrong-type', '/cluser', 2, 9],
    ['unknown-key', '/sorces', 3, 1],
    ['unknown-key', '/sorces/shop/evnts', 5, 5],
    ['wrong-value', '/sorces/shop/evnts/namespaces/0', 5, 27],
    ['unknown-key', '/filtres', 6, 1],
    ['unknown-key', '/filtres/0/reason', 7, 5],
    ['bad-pattern', '/filtres/0/reason/1', 7, 23],
    ['unknown-key', '/filtres/0/actoin', 8, 5],
    ['wrong-value', '/filtres/0/actoin', 8, 13],
    ['unknown-key', '/filtres/0/trigers', 9, 5],
    ['unknown-key', '/trigger', 10, 1],
    ['unknown-key', '/trigger/build/brigad', 12, 5],
    ['unknown-key', '/trigger/build/brigad/projct', 12, 15],
    ['unknown-key', '/limts', 13, 1],
    ['unknown-key', '/limts/holdfor', 13, 10],
    ['bad-duration', '/limts/holdfor', 13, 19],
  ],
  'misspelt-action.yaml': [['wrong-value', '/filters/0/action', 4, 13]],
  'misspelt-kind-of-trigger.yaml': [['unknown-key', '/triggers/build/brigde', 7, 5]],
  'nested-under-a-key.yaml': [['wrong-file', '/config', 1, 1]],
  'no-keys.json': [['wrong-file', '', 1, 1]],
  'not-a-number.yaml': [['wrong-value', '/filters/0/count', 4, 12]],
  'original-without-project.json': [['missing-key', '', 1, 1]],
  'original-wrong-types.json': [
    ['wrong-type', '/filters/0/namespace', 4, 20],
    ['wrong-type', '/filters/1/reasons', 5, 18],
  ],
  'ours-without-its-keys.yaml': [['wrong-file', '', 1, 1]],
  'ours-read-as-original.yaml': [
    ['wrong-form', '/filters/0/message', 3, 5],
    ['wrong-form', '/logging', 5, 1],
  ],
  'pattern-not-quoted.yaml': [['not-yaml', '', 3, 17]],
  'prototype-keys.yaml': [
    ['unknown-key', '/__proto__', 2, 1],
    ['unknown-key', '/constructor', 3, 1],
    ['unknown-key', '/filters/0/toString', 7, 5],
  ],
  'recording.jsonl': [['wrong-file', '', 0, 0]],
  'rules-without-a-key.yaml': [['wrong-file', '', 1, 1]],
  'several-documents.yaml': [['several-documents', '', 3, 1]],
  'several-words.yaml': [
    ['wrong-type', '/sources/shop/events/namespaces', 1, 42],
    ['wrong-type', '/filters/0/triggers', 3, 53],
  ],
  'something-else.json': [['wrong-file', '', 1, 1]],
  'tab-indentation.yaml': [['not-yaml', '', 3, 1]],
  'trigger-without-kind.yaml': [['missing-key', '/triggers/build', 6, 3]],
  'triggers-missing.yaml': [['triggers-missing', '/filters/0', 3, 5]],
  'two-kinds-of-trigger.yaml': [['wrong-value', '/triggers/build', 7, 5]],
  'unknown-rule-key.yaml': [
    ['unknown-key', '/filters/0/nmaespace', 4, 5],
    ['unknown-key', '/filters/0/reason', 5, 5],
  ],
  'unknown-source.yaml': [['unknown-source', '/filters/0/source', 6, 13]],
  'unknown-top-level-key.yaml': [['unknown-key', '/filtres', 2, 1]],
  'unknown-trigger.yaml': [['unknown-trigger', '/filters/0/triggers/1', 5, 23]],
  'wrong-types.yaml': [
    ['wrong-type', '/cluster', 2, 10],
    ['wrong-type', '/filters/0/kind', 4, 11],
    ['wrong-type', '/filters/0/reasons', 6, 5],
    ['wrong-type', '/triggers/build/concurrency', 11, 18],
  ],
};

const GOOD: Table = {
  'all-settings.yaml': [],
  'anchors-and-merges.yaml': [],
  'design-example.yaml': [],
  'guard-off.yaml': [
    ['unused-trigger', '/triggers/spare', 9, 3],
    ['guard-off', '/guard/namespace', 11, 21],
  ],
  'json-with-tabs.json': [],
  'no-time.yaml': [
    ['no-time', '/triggers/build/retry/for', 5, 19],
    ['no-time', '/delivery/retry/for', 6, 27],
    ['no-time', '/limits/holdFor', 7, 20],
  ],
  'only-watching.yaml': [['no-configuration', '', 1, 1]],
  'original-example.json': [],
  'original-lenient.json': [
    ['letter-case', '/Project', 2, 3],
    ['ignored-key', '/comment', 3, 3],
    ['never-matches', '/filters/0/namespace', 5, 20],
    ['letter-case', '/filters/1/KIND', 6, 7],
    ['action-not-accept', '/filters/1/action', 6, 32],
    ['ignored-key', '/filters/2/reason', 7, 22],
  ],
  'receivers-of-any-kind.yaml': [],
  'small-forms.yaml': [],
  'smallest.yaml': [],
  'unnamed-rules.yaml': [['shared-identity', '/filters/1', 5, 5]],
  'windows-line-ends.yaml': [],
};

function load(path: string): LoadedPlan {
  const text = readFileSync(new URL(path, FOLDER), 'utf8');
  return loadText(text, { namespace: 'ci', buildNamespace: 'ci', exec: 'allowed' });
}

function seen({ problems }: LoadedPlan): readonly Expected[] {
  return problems.map(({ code, path, line, column }) => [code, path, line, column]);
}

describe('configurations with mistakes', () => {
  it('have a row for every file', () => {
    expect(readdirSync(new URL('bad/', FOLDER)).toSorted()).to.deep.equal(
      Object.keys(BAD).toSorted(),
    );
    expect(Object.keys(BAD).length).to.be.at.least(20);
  });

  for (const [file, expected] of Object.entries(BAD)) {
    it(`refuses ${file} and names each mistake with its place`, () => {
      const loaded = load(`bad/${file}`);
      expect(seen(loaded)).to.deep.equal(expected);
      expect(loaded.plan).to.equal(null);
    });
  }

  it('names the found value and the next step of each mistake, without control characters', () => {
    for (const file of Object.keys(BAD)) {
      for (const { message, hint } of load(`bad/${file}`).problems) {
        for (const text of [message, hint]) {
          expect(text, file).to.match(/^[^\u0000-\u001f\u007f-\u009f]{5,300}$/);
          expect(text, file).not.to.match(/undefined|\[object|must (?:be|have|match|NOT)/);
        }
      }
    }
  });
});

describe('configurations without mistakes', () => {
  it('have a row for every file', () => {
    expect(readdirSync(new URL('good/', FOLDER)).toSorted()).to.deep.equal(
      Object.keys(GOOD).toSorted(),
    );
    expect(Object.keys(GOOD).length).to.be.at.least(8);
  });

  for (const [file, expected] of Object.entries(GOOD)) {
    it(`plans ${file}${expected.length === 0 ? '' : ' and notes what is suspicious'}`, () => {
      const loaded = load(`good/${file}`);
      expect(seen(loaded)).to.deep.equal(expected);
      expect(loaded.plan?.form).to.equal(loaded.form);
      expect(loaded.form).to.equal(file.startsWith('original') ? 'original' : 'ours');
    });
  }
});

describe('renderProblems', () => {
  it('says place, severity, code, message and hint in one line each, and counts', () => {
    const { problems } = load('bad/unknown-rule-key.yaml');
    expect(renderProblems(problems, 'filters.yaml')).to.equal(
      [
        'filters.yaml:4:5: error unknown-key: unknown key nmaespace — did you mean namespace?',
        'filters.yaml:5:5: error unknown-key: unknown key reason — did you mean reasons?',
        'filters.yaml: 2 errors',
        '',
      ].join('\n'),
    );
  });
});
