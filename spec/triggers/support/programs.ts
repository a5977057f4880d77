// Programs that specs of commands run.

/** Writes its own pid and that of a child, which outlives it unless it is killed. */
export const WITH_CHILD = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  console.log(process.pid + ' ' + child.pid);`;
