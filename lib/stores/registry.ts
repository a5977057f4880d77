// The registry of store kinds, one line each. Schema and documents are generated from it.

import { memoryKind } from './memory.ts';
import { sqliteKind } from './sqlite.ts';

/** Every kind of store by its key in the configuration. */
export const storeKinds = { memory: memoryKind, sqlite: sqliteKind } as const;
