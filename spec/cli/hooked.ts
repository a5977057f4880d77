// How a spec starts a process with the hooks of start-hooks.ts.

/** What the hooks do: make the first process an older one, or one of a Mac; hold the loading of lib. */
export type Hook = 'older' | 'mac' | 'slow';

/** The environment of a process with hooks, which keep their files in a folder of the spec. */
export function hooked(folder: string, hooks: readonly Hook[]): { readonly NODE_OPTIONS: string } {
  const url = new URL('start-hooks.ts', import.meta.url);
  url.searchParams.set('folder', folder);
  for (const hook of hooks) url.searchParams.set(hook, '');
  return { NODE_OPTIONS: `--import=${url.href}` };
}

/** The id of the process that was handed over to, from what the hooks wrote. */
export function secondProcess(errors: string): number {
  return Number(/second process (\d+)/.exec(errors)?.[1]);
}
