// Opens the API listener of a run: finds or creates its token, and reports address and token file.
// lib/api implements the routes.

import { resolve } from 'node:path';
import { hasOpenReads } from '../api/access.ts';
import { type ApiParts, openApi } from '../api/api.ts';
import { type FoundToken, keepToken, NO_TOKEN_FOLDER, readToken, Token } from '../api/api-token.ts';
import { NO_PLACE } from '../config/source-map.ts';
import type { Finding } from '../core/problem.ts';
import type { Listener } from '../kit/http/listen.ts';
import { version } from '../kit/version.ts';
import type { FoundConfiguration } from './configuration.ts';
import type { KeptConfiguration } from './last-good.ts';

/** Dependencies of the API listener, and the folder for its token. */
interface ApiListenerParts extends Omit<ApiParts, 'version' | 'configuration' | 'token' | 'hosts'> {
  readonly configuration: Pick<FoundConfiguration, 'file' | 'folder' | 'form' | 'problems'>;
  /** The last good configuration, if it runs instead of the file. */
  readonly kept: Pick<KeptConfiguration, 'since'> | null;
  /** Folder for a token without a configured file; null: there is none, so no token is created. */
  readonly tokenFolder: string | null;
}

/**
 * Opens the API listener, if the plan has one.
 *
 * **Errors**: throws `address-unusable`. Without a usable token it opens anyway and logs a problem.
 */
export async function openApiListener(parts: ApiListenerParts): Promise<Listener | null> {
  const { plan, configuration, observe, clock } = parts;
  const { api, hosts, requireToken } = plan.http;
  if (api === null) return null;
  const { file, form, problems } = configuration;
  const keptSince = parts.kept === null ? null : new Date(parts.kept.since).toISOString();
  const find = tokenFinder(parts);
  const found = await find();
  if (!found.ok) {
    const isOpen = hasOpenReads({ listenHost: api.host, requireToken });
    const finding = withConsequence(found.finding, isOpen ? 'reads' : 'nothing');
    observe({ kind: 'configuration-problem', problem: { ...finding, ...NO_PLACE } });
  }
  // Removing the file revokes the token; the gateway then creates another one of its own.
  const token = new Token(async () => {
    const again = await find();
    return again.ok ? again.token : null;
  }, clock);
  const listener = await openApi(api, {
    ...parts,
    version: version(),
    configuration: { file, form, problems: problems.length, keptSince },
    token,
    hosts,
  });
  const { address } = listener;
  const where = found.ok ? { tokenFile: found.file } : {};
  observe({ kind: 'listening', listener: 'api', address, ...where });
  return listener;
}

function tokenFinder(parts: ApiListenerParts): () => Promise<FoundToken> {
  const { plan, configuration, tokenFolder } = parts;
  const { tokenFile } = plan.http;
  if (tokenFile !== null) return () => readToken(resolve(configuration.folder, tokenFile));
  if (tokenFolder === null) return async () => NO_TOKEN_FOLDER;
  return () => keepToken(tokenFolder, process.geteuid?.() ?? 0);
}

/** Adds the consequence to a finding about the token; it is a warning if every request is refused. */
function withConsequence(finding: Finding, answered: 'reads' | 'nothing'): Finding {
  const { message } = finding;
  return answered === 'reads'
    ? { ...finding, message: `${message}; only reads over loopback are answered` }
    : { ...finding, message: `${message}; every request is refused`, severity: 'warning' };
}
