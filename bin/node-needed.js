// Which Node.js Sluice needs, and the one line for a machine that has an older one. package.json says
// both: `engines` the version, `optionalDependencies` the platforms for which the packages of a checkout
// bring one. bin/sluice.js and the Makefile ask; it is written for the old Node.js that it is about.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const { engines, optionalDependencies } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);
const LEAST = numbersOf(engines.node);

/** Whether the Node.js that runs this is new enough. */
export function isNewEnough() {
  const [major, minor] = numbersOf(process.versions.node);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** Whether the packages of a checkout bring a Node.js for this platform. */
function comesWithPackages() {
  return `node-${platform()}` in optionalDependencies;
}

/** One line that says what is needed, and where it comes from on this machine. */
export function whatIsNeeded() {
  const needed = `needs Node.js ${LEAST.join('.')} or newer, this is ${process.versions.node}`;
  if (comesWithPackages()) return `${needed}: in a checkout, make run and make test install it`;
  const brew = process.platform === 'darwin' ? ', or brew install node' : '';
  return `${needed}: no package brings one for ${platform()}, install it from https://nodejs.org${brew}`;
}

/** Ends this process with that line, if neither it nor a package of a checkout is new enough. */
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
