// The Node.js version that Sluice needs, and the message for an older one. package.json has the version
// under `engines`, and under `optionalDependencies` the platforms for which `npm` installs one. Used by
// bin/sluice.js and the Makefile. The syntax here must work in old versions of Node.js.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const { engines, optionalDependencies } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);
const LEAST = numbersOf(engines.node);

/** Whether the running Node.js is new enough. */
export function isNewEnough() {
  const [major, minor] = numbersOf(process.versions.node);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** Whether a package of a checkout contains a Node.js for this platform. */
function comesWithPackages() {
  return `node-${platform()}` in optionalDependencies;
}

/** Renders the needed version and how to get it on this machine, on one line. */
export function whatIsNeeded() {
  const needed = `needs Node.js ${LEAST.join('.')} or newer, this is ${process.versions.node}`;
  if (comesWithPackages()) return `${needed}: in a checkout, make run and make test install it`;
  const brew = process.platform === 'darwin' ? ', or brew install node' : '';
  return `${needed}: no package brings one for ${platform()}, install it from https://nodejs.org${brew}`;
}

/** Ends this process with that line if neither its Node.js nor one of a package is new enough. */
export function mustBeUsable() {
  if (isNewEnough() || comesWithPackages()) return;
  process.stderr.write(`make: ${whatIsNeeded()}\n`);
  process.exit(1);
}

function platform() {
  return `${process.platform}-${process.arch}`;
}

function numbersOf(version) {
  return (/\d+\.\d+/.exec(version) || ['0.0'])[0].split('.').map(Number);
}
