// What a kind of store may have, and nothing more.

/** What a kind of store may have: nothing yet; a file's kind will get a folder here. */
export type StoreParts = Readonly<Record<string, never>>;
