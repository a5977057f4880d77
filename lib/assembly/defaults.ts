// What holds where a configuration says nothing, each value once: the schema shows it, the plan
// uses it. Follows docs/configuration.md.

/** How a trigger's lane works. */
export const DELIVERY_DEFAULTS = {
  concurrency: 8,
  timeout: '10s',
  order: 'none',
  retry: { first: '1s', max: '5m', for: '24h' },
} as const;

/** What bounds the number of builds. */
export const LIMIT_DEFAULTS = { perObject: '60/h', total: '600/h', holdFor: '1h' } as const;

/** How long a settled delivery is kept: a working day and the night after it. */
export const SETTLED_FOR = '24h';

/** Where the probes listener listens. */
export const PROBES_DEFAULT = '0.0.0.0:8080';

/** Where the API listener listens: for this machine alone. */
export const API_DEFAULT = '127.0.0.1:8081';

/** The name of the source that is there where none is configured. */
export const SOURCE_DEFAULT = 'events';

/** The name of the trigger in the original's form. */
export const ORIGINAL_TRIGGER = 'brigade';
