// The version, read from package.json: two folders above the sources, three above the compiled
// files.

import { existsSync, readFileSync } from 'node:fs';

/** The `user-agent` of every request of Sluice. */
export function userAgent(): string {
  return `sluice/${version()}`;
}

/** The version of this copy of Sluice. */
export function version(): string {
  const place = ['../../package.json', '../../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
  const text = place === undefined ? '{}' : readFileSync(place, 'utf8');
  const value: unknown = JSON.parse(text);
  const found = typeof value === 'object' && value !== null && 'version' in value;
  return found && typeof value.version === 'string' ? value.version : 'unknown';
}
