// The version, read from package.json: two folders above the sources, three above the compiled
// files.

import { existsSync, readFileSync } from 'node:fs';
import { isJsonObject } from '../core/json-object.ts';
import { jsonOrNothing } from './data/json.ts';

/** The `user-agent` of every request of Sluice. */
export function userAgent(): string {
  return `sluice/${version()}`;
}

/** The version of this copy of Sluice. */
export function version(): string {
  const place = ['../../package.json', '../../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
  const value = jsonOrNothing(place === undefined ? null : readFileSync(place, 'utf8'));
  const found = isJsonObject(value) ? value['version'] : undefined;
  return typeof found === 'string' ? found : 'unknown';
}
