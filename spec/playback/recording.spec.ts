// Recordings: they are read as they were written, and errors name the line.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { SluiceError } from '../../lib/core/errors.ts';
import {
  openRecording,
  type RecordingEntry,
  readRecording,
  renderEntry,
} from '../../lib/playback/recording.ts';
import { anyText } from '../support/any-text.ts';
import { anEvent } from '../support/builders.ts';

const AT = Date.UTC(2026, 0, 31, 12);
const LINE = renderEntry({ at: AT, type: 'ADDED', object: anEvent() });

async function read(chunks: Iterable<Uint8Array | string>): Promise<readonly RecordingEntry[]> {
  const entries: RecordingEntry[] = [];
  for await (const entry of readRecording(inTurn(chunks), 'demo.ndjson')) entries.push(entry);
  return entries;
}

async function* inTurn<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield item;
}

async function failureOf(chunks: Iterable<Uint8Array | string>): Promise<unknown> {
  return read(chunks).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a recording', () => {
  it('is one line an entry: at, type, object', () => {
    expect(LINE.startsWith('{"at":"2026-01-31T12:00:00.000Z","type":"ADDED","object":{"')).to.equal(
      true,
    );
    expect(LINE.indexOf('\n')).to.equal(LINE.length - 1);
  });

  it('is read as it was written, whatever its chunks', async () => {
    const type = fc.constantFrom('ADDED' as const, 'MODIFIED' as const, 'DELETED' as const);
    const message = anyText();
    const entry = fc
      .record({ at: fc.integer({ min: 0, max: 4e12 }), type, message })
      .map(({ at, type: recordedType, message: text }) => ({
        at,
        type: recordedType,
        object: anEvent({ message: text.toWellFormed() }),
      }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 5 }),
        fc.integer({ min: 1, max: 40 }),
        async (entries, size) => {
          const bytes = Buffer.from(entries.map(renderEntry).join(''), 'utf8');
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, place) =>
            bytes.subarray(place * size, (place + 1) * size),
          );
          expect(await read(chunks)).to.deep.equal(entries);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('may have times in milliseconds, blank lines, and no last line feed', async () => {
    const text = `\n{"at":${AT},"type":"DELETED","object":{}}\r\n\n${LINE.trimEnd()}`;
    const entries = await read([text]);
    expect(entries.map(({ at, type }) => [at, type])).to.deep.equal([
      [AT, 'DELETED'],
      [AT, 'ADDED'],
    ]);
  });

  it('has Events of events.k8s.io as those of core/v1', async () => {
    const object = { kind: 'Event', apiVersion: 'events.k8s.io/v1', note: 'Back-off' };
    const [entry] = await read([JSON.stringify({ at: AT, type: 'ADDED', object })]);
    expect(entry?.object).to.include({ apiVersion: 'v1', message: 'Back-off' });
  });

  it('does not end a line at U+2028', async () => {
    const object = anEvent({ message: 'a\u2028b' });
    expect(await read([JSON.stringify({ at: AT, type: 'ADDED', object })])).to.have.length(1);
  });

  const bad: readonly [string, string][] = [
    ['{"at":"2026-01-31T12:00:00Z","type":"ADD', 'no JSON'],
    ['[]', 'no JSON object'],
    ['{"type":"ADDED","object":{}}', 'no time under "at"'],
    ['{"at":"yesterday","type":"ADDED","object":{}}', 'no time under "at"'],
    ['{"at":1,"type":"BOOKMARK","object":{}}', 'no ADDED, MODIFIED, DELETED under "type"'],
    ['{"at":1,"type":"ADDED"}', 'no object under "object"'],
    ['{"at":1,"type":"ADDED","object":{"kind":"Pod"}}', 'a Pod under "object"'],
    [
      '{"at":1,"type":"ADDED","object":{"kind":"Event","apiVersion":"audit.k8s.io/v1"}}',
      'an audit event',
    ],
  ];
  for (const [line, what] of bad) {
    it(`is refused with the line of ${line}`, async () => {
      const error = await failureOf([LINE, '\n', `${line}\n`, LINE]);
      expect(error).to.be.instanceOf(SluiceError);
      expect(error).to.include({ code: 'input-unusable' });
      expect(String(error)).to.contain(`reading recording demo.ndjson, line 3: ${what}`);
    });
  }

  it('refuses a line without an end', async () => {
    const error = await failureOf(Array.from({ length: 18 }, () => 'a'.repeat(1_000_000)));
    expect(error).to.include({ code: 'input-unusable' });
    expect(String(error)).to.contain('a line above');
  });

  describe('in a file', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sluice-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it('is read', async () => {
      const path = join(folder, 'demo.ndjson');
      await writeFile(path, LINE + LINE);
      const entries: RecordingEntry[] = [];
      for await (const entry of openRecording(path)) entries.push(entry);
      expect(entries).to.have.length(2);
    });

    it('is named if it is missing', async () => {
      const path = join(folder, 'nothing.ndjson');
      const error: unknown = await openRecording(path)
        .next()
        .catch((cause: unknown) => cause);
      expect(error).to.include({ code: 'input-unusable' });
      expect(String(error)).to.contain(path);
    });
  });
});
