// The environment of a process with the hooks of start-hooks.ts.

/** Effects of the hooks: an older Node.js first, a Mac, or a delayed loading of lib. */
export type Hook = 'older' | 'mac' | 'slow';

/** The environment of a process with hooks, which keep their files in a folder of the spec. */
export function hooked(folder: string, hooks: readonly Hook[]): { readonly NODE_OPTIONS: string } {
  const url = new URL('start-hooks.ts', import.meta.url);
  url.searchParams.set('folder', folder);
  for (const hook of hooks) url.searchParams.set(hook, '');
  return { NODE_OPTIONS: `--import=${url.href}` };
}

/** Id of the second process of a hand-over, from the files of the hooks. */
export function secondProcess(errors: string): number {
  return Number(/second process (\d+)/.exec(errors)?.[1]);
}
