// A variable of this process's environment for the length of some work, to show that it is ignored.

/** Does something with a variable set, and puts it back as it was. */
export async function withVariable<T>(
  [name, value]: readonly [name: string, value: string],
  work: () => Promise<T>,
): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return await work();
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before;
  }
}
