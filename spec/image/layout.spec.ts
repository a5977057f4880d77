// The tree for each architecture, without running it: what is in it and what is not, its size, its licences and
// its bill of materials.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { expect } from 'chai';
import { isJsonObject, stringAt } from '../../lib/core/json-object.ts';
import { bytesOf } from '../../tools/image/contents.ts';
import type { Architecture } from '../../tools/image/debian.ts';
import { BILL_OF_MATERIALS, type Layout } from '../../tools/image/layout.ts';
import { shippedPackages } from '../../tools/image/lockfile.ts';
import { layoutOf, needLayout, project } from './trees.ts';

/** Largest size of an image. Units: bytes. */
const LARGEST = 190e6;

/** Differences of the architectures: the dynamic linker, and the machine in an ELF header. */
const ARCHITECTURES: Readonly<
  Record<
    Architecture,
    { readonly linker: string; readonly libraries: string; readonly machine: number }
  >
> = {
  amd64: { linker: '/lib64/ld-linux-x86-64.so.2', libraries: '/lib/x86_64-linux-gnu', machine: 62 },
  arm64: {
    linker: '/lib/ld-linux-aarch64.so.1',
    libraries: '/lib/aarch64-linux-gnu',
    machine: 183,
  },
};

for (const architecture of ['amd64', 'arm64'] as const) {
  describe(`the tree of the image for ${architecture}`, () => {
    const { linker, libraries, machine } = ARCHITECTURES[architecture];
    let layout: Layout;
    let paths: ReadonlySet<string> = new Set();
    before(function () {
      this.timeout(600_000);
      needLayout(this);
      layout = layoutOf(architecture);
      paths = new Set(layout.entries.map(({ path }) => path));
    });

    it('has Node.js and its libraries for that machine, without symbols', () => {
      const files = ['/usr/local/bin/node', linker, `${libraries}/libc.so.6`];
      for (const file of files) {
        const header = readFileSync(join(layout.root, file)).subarray(0, 64);
        expect(header.subarray(1, 4).toString(), file).to.equal('ELF');
        expect(header.readUInt16LE(18), file).to.equal(machine);
      }
      expect([...paths]).to.include(`${libraries}/libstdc++.so.6`);
    });

    it('has the application with its documents, samples and chart', () => {
      for (const path of [
        '/usr/local/bin/sluice',
        '/app/bin/sluice.js',
        '/app/dist/lib/cli/main.js',
        '/app/docs/getting-started.md',
        '/app/samples/demo.ndjson',
        '/app/charts/sluice/Chart.yaml',
        // Pods of the chart run these.
        '/app/samples/receiver.js',
        '/app/charts/sluice/files/test-release.js',
        '/etc/ssl/certs/ca-certificates.crt',
      ]) {
        expect(paths.has(path), path).to.equal(true);
      }
    });

    it('has no shell, no package manager and no program but Node.js and sluice', () => {
      const programs = layout.entries
        .filter(
          ({ type, mode, path }) => type === 'file' && mode === '0755' && !path.startsWith('/app/'),
        )
        .map(({ path }) => path)
        .filter((path) => !/^\/lib(?:64)?\//.test(path));
      expect(programs).to.deep.equal(['/usr/local/bin/node', '/usr/local/bin/sluice']);
    });

    it('has no source maps, types, tests or documents of packages', () => {
      const unwanted = [...paths].filter(
        (path) =>
          path.startsWith('/app/node_modules/') &&
          (/\.(?:map|[cm]?ts)$|\/(?:test|tests|__tests__)\//.test(path) ||
            (/\.md$/.test(path) && !/licen[cs]e/i.test(path))),
      );
      expect(unwanted).to.deep.equal([]);
    });

    it('keeps the licence of each package that has one', () => {
      const shipped = shippedPackages(project);
      expect(shipped).to.have.length.above(100);
      const lost = shipped.flatMap(({ path }) =>
        readdirSync(join(project, path))
          .filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name))
          .map((name) => join('/app', path, name))
          .filter((file) => !paths.has(file)),
      );
      expect(lost).to.deep.equal([]);
    });

    it(`has at most ${LARGEST / 1e6} MB, modes that no umask changes, and two shared folders`, () => {
      expect(bytesOf(layout.entries)).to.be.below(LARGEST);
      const modes = layout.entries.filter(({ type }) => type !== 'link').map(({ mode }) => mode);
      expect([...new Set(modes)]).to.have.members(['0644', '0755', '1777']);
      const shared = layout.entries.filter(({ mode }) => mode === '1777').map(({ path }) => path);
      expect(shared).to.deep.equal(['/tmp', '/var/lib/sluice']);
    });

    it('has a bill of materials that the schema of CycloneDX accepts', async () => {
      const text = readFileSync(join(layout.root, BILL_OF_MATERIALS), 'utf8');
      expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).to.equal(
        null,
      );
      expect(text).to.equal(readFileSync(join(dirname(layout.root), 'sbom.cdx.json'), 'utf8'));
    });

    it('lists in it each package that is there, with version, licence and digest', () => {
      const components = componentsOf(layout);
      const listed = components
        .map((one) => one.path)
        .filter((path) => path.startsWith('node_modules/'));
      const node = /^node_modules\/node-linux-/;
      expect(listed.filter((path) => !node.test(path))).to.have.members(installedAt(layout));
      expect(listed.filter((path) => node.test(path))).to.have.length(1);
      const debian = components
        .filter(({ path }) => path.startsWith('deb/'))
        .map(({ path }) => path.slice(4));
      expect(debian).to.include.members(['libc6', 'libstdc++6', 'ca-certificates']);
      expect(debian).to.have.members(readdirSync(join(layout.root, 'var/lib/dpkg/status.d')));
      for (const one of components) {
        expect(one.version, one.path).to.not.equal('');
        expect(one.licences, one.path).to.equal(1);
        expect(one.hashes, one.path).to.equal(1);
      }
    });
  });
}

interface Component {
  readonly path: string;
  readonly version: string;
  readonly licences: number;
  readonly hashes: number;
}

function componentsOf({ root }: Layout): readonly Component[] {
  const bill: unknown = JSON.parse(readFileSync(join(root, BILL_OF_MATERIALS), 'utf8'));
  const list = isJsonObject(bill) && Array.isArray(bill['components']) ? bill['components'] : [];
  const count = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
  return list.filter(isJsonObject).map((one) => ({
    path: stringAt(one, 'bom-ref'),
    version: stringAt(one, 'version'),
    licences: count(one['licenses']),
    hashes: count(one['hashes']),
  }));
}

/** Folders of the tree with a package, as the lockfile writes them. */
function installedAt({ root, entries }: Layout): readonly string[] {
  const manifest = /^\/app\/((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/@]+)\/package\.json$/;
  return entries
    .map(({ path }) => manifest.exec(path)?.[1] ?? '')
    .filter((path) => path !== '' && existsSync(join(root, 'app', path)));
}
