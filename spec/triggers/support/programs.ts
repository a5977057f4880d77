// Programs that specs of commands run.

/** Writes its own pid and that of a child that outlives it unless somebody ends it. */
export const WITH_CHILD = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  console.log(process.pid + ' ' + child.pid);`;
