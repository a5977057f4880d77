// Plans the sections that belong to no kind, from values that the schema accepted: limits, http,
// logging, guard, and delivery. The keys of delivery are also those by which a trigger overrides it.

import { errorAt, type Finding, warningAt } from '../core/problem.ts';
import {
  parseDuration,
  parseRate,
  parseSize,
  type Rate,
  renderDuration,
} from '../kit/text/quantity.ts';
import { LOG_FILE_DEFAULTS, LOGGING_DEFAULTS, type LoggingOptions } from '../telemetry/logging.ts';
import type { Configuration } from './configuration.generated.ts';
import {
  API_DEFAULT,
  DELIVERY_DEFAULTS,
  HEARTBEAT_DEFAULTS,
  LIMIT_DEFAULTS,
  PROBES_DEFAULTS,
} from './defaults.ts';
import type {
  PlanContext,
  PlannedAddress,
  PlannedDelivery,
  PlannedGuard,
  PlannedHttp,
  PlannedLimits,
  PlannedTrigger,
  ProbePaths,
} from './plan.ts';

type LimitsSection = NonNullable<Configuration['limits']>;

/** Plans the limits; `off` becomes null. */
export function planLimits(section: LimitsSection = {}): PlannedLimits {
  const { perObject, total, holdFor } = { ...LIMIT_DEFAULTS, ...section };
  return {
    perObject: rateOf(perObject),
    total: rateOf(total),
    holdForMs: durationOr(holdFor, 0),
  };
}

/** Warns if a time of zero makes a dead letter of each delivery above a limit. */
export function checkLimits(section: LimitsSection = {}): readonly Finding[] {
  const { perObject, total, holdForMs } = planLimits(section);
  const { holdFor } = section;
  if (holdFor === undefined || holdForMs > 0 || (perObject === null && total === null)) return [];
  const message = `found ${holdFor}: a delivery above a limit becomes a dead letter at once`;
  const hint = 'write how long it may wait for its start, such as 1h, or switch the limits off';
  return [warningAt('no-time', '/limits/holdFor', { message, hint })];
}

function rateOf(text: string): Rate | null {
  return text === 'off' ? null : (parseRate(text) ?? null);
}

type LoggingSection = NonNullable<Configuration['logging']>;

const SMALLEST_LOG_FILE = '64Ki';

/** Adds the defaults to `logging:`. */
export function planLogging(section: LoggingSection = {}): LoggingOptions {
  const { file, ...rest } = section;
  if (file === undefined) return { ...LOGGING_DEFAULTS, ...rest };
  const { path, size, count } = { ...LOG_FILE_DEFAULTS, ...file };
  return { ...LOGGING_DEFAULTS, ...rest, file: { path, maxBytes: parseSize(size) ?? 0, count } };
}

/** Refuses a log file that would be renamed after a few lines. */
export function checkLogging(section: LoggingSection = {}): readonly Finding[] {
  const { file } = planLogging(section);
  if (file === null || file.maxBytes >= (parseSize(SMALLEST_LOG_FILE) ?? 0)) return [];
  const message = `found ${section.file?.size}, expected at least ${SMALLEST_LOG_FILE}`;
  const hint = `write a size such as ${LOG_FILE_DEFAULTS.size}`;
  return [errorAt('wrong-value', '/logging/file/size', { message, hint })];
}

/** Plans the listeners; a text that is no address is a finding. */
export function planHttp(
  section: Configuration['http'],
  { runsIn = 'pod' }: Pick<PlanContext, 'runsIn'>,
): {
  readonly http: PlannedHttp;
  readonly findings: readonly Finding[];
} {
  const { probes = {}, api = API_DEFAULT, tokenFile = null, hosts = [] } = section ?? {};
  const { address = API_DEFAULT, requireToken = false } =
    typeof api === 'object' ? api : { address: api };
  const apiKey = typeof api === 'object' ? 'api/address' : 'api';
  const findings: Finding[] = [];
  const block = typeof probes === 'object' ? probes : { address: probes };
  const probesKey = typeof probes === 'object' ? 'probes/address' : 'probes';
  const { address: written = PROBES_DEFAULTS[runsIn] } = block;
  const listeners = {
    probes: planAddress({ key: probesKey, written, example: PROBES_DEFAULTS[runsIn] }, findings),
    probePaths: planProbePaths(block.paths, findings),
    heartbeat: planHeartbeat(block.heartbeat, findings),
    api: planAddress({ key: apiKey, written: address, example: API_DEFAULT }, findings),
  };
  return { http: { ...listeners, requireToken, tokenFile, hosts }, findings };
}

const DEFAULT_METRICS_PATH = '/metrics';

type ProbesSection = Exclude<
  NonNullable<Configuration['http']>['probes'],
  string | number | undefined
>;

/** A path with two meanings is refused. Requests do not distinguish upper and lower case. */
function planProbePaths(section: ProbesSection['paths'] = {}, findings: Finding[]): ProbePaths {
  const taken = new Map<string, string>([
    ['/healthz', 'live'],
    ['/readyz', 'ready'],
  ]);
  if (section.metrics === undefined) taken.set(DEFAULT_METRICS_PATH, 'metrics');
  for (const [key, path] of Object.entries(section)) {
    const other = taken.get(path.toLowerCase());
    if (other !== undefined && other !== key) {
      const message = `found ${path}, which is already the path of ${other}`;
      const hint = 'write another path';
      findings.push(errorAt('wrong-value', `/http/probes/paths/${key}`, { message, hint }));
    }
    taken.set(path.toLowerCase(), key);
  }
  return { live: null, ready: null, health: null, metrics: DEFAULT_METRICS_PATH, ...section };
}

function planHeartbeat(
  section: ProbesSection['heartbeat'],
  findings: Finding[],
): PlannedHttp['heartbeat'] {
  if (section === undefined) return null;
  const { file, every } = { ...HEARTBEAT_DEFAULTS, ...section };
  const everyMs = durationOr(every, 0);
  if (everyMs < LEAST_BEAT_MS || everyMs > LONGEST_TIMEOUT_MS) {
    const message = `found ${every}, expected at least 1s and at most 24h`;
    const hint = 'write a third of the largest age that the probe accepts, such as 10s';
    findings.push(errorAt('wrong-value', '/http/probes/heartbeat/every', { message, hint }));
  }
  return { file, everyMs };
}

interface AddressSetting {
  readonly key: 'probes' | 'probes/address' | 'api' | 'api/address';
  readonly written: string | number;
  /** The default, whose host is used if only a port is written. */
  readonly example: string;
}

function planAddress(
  { key, written, example }: AddressSetting,
  findings: Finding[],
): PlannedAddress | null {
  const text = String(written);
  if (text === 'off') return null;
  const [host = '', port = ''] = example.split(':');
  const address = parseAddress(/^\d+$/.test(text) ? `${host}:${text}` : text);
  if (address !== undefined) return address;
  findings.push(
    errorAt('wrong-value', `/http/${key}`, {
      message: `found ${JSON.stringify(written)}, expected an address`,
      hint: `write host:port, such as ${example} or [::1]:${port}, or off`,
    }),
  );
  return null;
}

/** Reads `host:port`; an IPv6 address needs brackets, and no host means every address. */
function parseAddress(text: string): PlannedAddress | undefined {
  const [, six, host, digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  return { host: six ?? (host === undefined || host === '' ? '0.0.0.0' : host), port };
}

/** Plans the loop guards; switching off the guard by namespace is a warning. */
export function planGuard(
  section: Configuration['guard'],
  triggers: readonly PlannedTrigger[],
): { readonly guard: PlannedGuard; readonly findings: readonly Finding[] } {
  const building = triggers.filter(({ buildNamespaces }) => buildNamespaces.length > 0);
  const prefixes = unique(
    building.flatMap(({ prefix, formerPrefixes }) => [prefix, ...formerPrefixes]),
  );
  if (section?.namespace !== false) {
    const namespaces = unique(building.flatMap(({ buildNamespaces }) => buildNamespaces));
    return { guard: { namespaces, prefixes }, findings: [] };
  }
  const finding = warningAt('guard-off', '/guard/namespace', {
    message:
      'the guard by namespace is off: only the names of builds keep their Events from starting builds',
    hint: 'reject the Events of everything that builds create, or switch the guard on again',
  });
  return { guard: { namespaces: [], prefixes }, findings: [finding] };
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}

/** Keys that `delivery:` and triggers share. */
export type DeliverySection = Readonly<NonNullable<Configuration['delivery']>>;

/** Plans a section; keys that it leaves out keep the values of `base`. */
export function planDelivery(section: DeliverySection, base: PlannedDelivery): PlannedDelivery {
  const { retry = {} } = section;
  return {
    concurrency: section.concurrency ?? base.concurrency,
    timeoutMs: durationOr(section.timeout, base.timeoutMs),
    order: section.order ?? base.order,
    retry: {
      firstMs: durationOr(retry.first, base.retry.firstMs),
      maxMs: durationOr(retry.max, base.retry.maxMs),
      forMs: durationOr(retry.for, base.retry.forMs),
    },
  };
}

/** The delivery settings of a configuration that has none. */
export function defaultDelivery(): PlannedDelivery {
  const retry = { firstMs: 0, maxMs: 0, forMs: 0 };
  return planDelivery(DELIVERY_DEFAULTS, { concurrency: 1, timeoutMs: 0, order: 'none', retry });
}

/** Milliseconds of a duration that the schema accepted, or the default if there is none. */
export function durationOr(text: string | undefined, fallbackMs: number): number {
  return text === undefined ? fallbackMs : (parseDuration(text) ?? fallbackMs);
}

/** Seconds are the resolution of probes. */
const LEAST_BEAT_MS = 1_000;

// No attempt should take longer; a timer of more than 24.8 days would fire at once.
const LONGEST_TIMEOUT_MS = 86_400_000;

/** Reports useless durations, each below the path of its section. */
export function checkDelivery(
  path: string,
  section: DeliverySection,
  planned: PlannedDelivery,
): readonly Finding[] {
  const findings: Finding[] = [];
  const refuse = (key: string, found: string | undefined, expected: string): void => {
    findings.push(
      errorAt('wrong-value', `${path}/${key}`, {
        message: `found ${found}, expected ${expected}`,
        hint: 'write a duration such as 10s or 5m',
      }),
    );
  };
  const { timeout, retry: { first, max, for: limit } = {} } = section;
  const { timeoutMs, retry } = planned;
  if (timeout !== undefined && (timeoutMs < 1 || timeoutMs > LONGEST_TIMEOUT_MS)) {
    refuse('timeout', timeout, 'more than 0s and at most 24h');
  }
  if (first !== undefined && retry.firstMs < 1) refuse('retry/first', first, 'more than 0s');
  if (retry.maxMs < retry.firstMs) {
    if (max !== undefined) {
      refuse('retry/max', max, `at least the first wait (${renderDuration(retry.firstMs)})`);
    } else if (first !== undefined) {
      refuse('retry/first', first, `at most the longest wait (${renderDuration(retry.maxMs)})`);
    }
  }
  if (limit !== undefined && retry.forMs === 0) {
    const message = `found ${limit}: a delivery whose first attempt fails becomes a dead letter at once`;
    const hint = 'write how long to try, such as 24h';
    findings.push(warningAt('no-time', `${path}/retry/for`, { message, hint }));
  }
  return findings;
}
