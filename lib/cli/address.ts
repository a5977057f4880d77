// Addresses as flags take them: `HOST:PORT`, with an IPv6 host in brackets.
import { SluiceError } from '../core/errors.ts';

/** The address that a flag was given. **Errors**: `usage`, naming the flag. */
export function addressOf(
  flag: string,
  text: string,
): { readonly host: string; readonly port: number } {
  const [, host, digits] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || port > 65_535) {
    throw new SluiceError('usage', `flag --${flag} takes HOST:PORT, not "${text}"`);
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1', port };
}
