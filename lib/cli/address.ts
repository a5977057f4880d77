// Addresses as flags take them: `HOST:PORT`, with an IPv6 host in brackets, or a port alone.

import { SluiceError } from '../core/errors.ts';

/** The text of a flag, and what completes it. */
interface WrittenAddress {
  readonly flag: string;
  readonly text: string;
  /** The host that is meant if only a port is given. */
  readonly host: string;
}

/** The address that a flag was given. **Errors**: `usage`, naming the flag. */
export function addressOf({ flag, text, host: ownHost }: WrittenAddress): {
  readonly host: string;
  readonly port: number;
} {
  const [, host = ownHost, digits] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new SluiceError('usage', `flag --${flag} takes HOST:PORT or PORT, not "${text}"`);
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1', port };
}
