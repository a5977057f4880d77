// The kinds of store that there are, one line each. Schema and documents follow from this list.

import { memoryKind } from './memory.ts';
import { sqliteKind } from './sqlite.ts';

/** Every kind of store by the key that names it in the configuration. */
export const storeKinds = { memory: memoryKind, sqlite: sqliteKind } as const;
