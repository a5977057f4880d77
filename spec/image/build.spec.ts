// `make image` with buildah: the image that users push, its configuration, its names, and that its contents are
// the tree that the other specs run.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { renderListing } from '../../tools/image/contents.ts';
import { readManifest } from '../../tools/image/lockfile.ts';
import { Tree } from '../../tools/image/tree.ts';
import { Buildah, type InspectedImage } from './buildah.ts';
import { imageEnvironment } from './dockerfile.ts';
import { layoutOf, needContainers, own, project } from './trees.ts';

const NAME = 'registry.example/team/sluice';

describe('make image with buildah', () => {
  const { version, description, license } = readManifest(project);
  let folder = '';
  let buildah: Buildah;
  let image: InspectedImage;

  before(function () {
    this.timeout(600_000);
    needContainers(this);
    folder = mkdtempSync(join(tmpdir(), 'sluice-buildah-'));
    buildah = new Buildah(folder);
    // The packages of a checkout are installed already; make must not install them again.
    const args = ['--old-file', 'node_modules/.package-lock.json', 'image'];
    execFileSync('make', [...args, `BUILDER=${buildah.file}`, `NAME=${NAME}`], {
      cwd: project,
      env: buildah.environment,
      stdio: 'pipe',
    });
    image = buildah.inspect(`${NAME}:${version}`);
  });
  after(function () {
    this.timeout(60_000);
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  it('names the image by the version and as latest', () => {
    const images: unknown = JSON.parse(buildah.run('images', '--json', NAME));
    expect(images).to.be.an('array').with.length(1);
    expect(images)
      .to.have.nested.property('[0].names')
      .that.has.members([`${NAME}:${version}`, `${NAME}:latest`]);
  });

  it('makes a process that is not root and starts sluice without a shell', () => {
    const { User, Entrypoint, Cmd, WorkingDir, ExposedPorts } = image.OCIv1.config;
    expect({ User, Entrypoint, Cmd, WorkingDir }).to.deep.equal({
      User: '1000:1000',
      Entrypoint: ['/usr/local/bin/sluice'],
      Cmd: ['run'],
      WorkingDir: '/app',
    });
    expect(ExposedPorts).to.have.keys('8080/tcp');
  });

  it('has the variables under which the other specs run the tree', () => {
    const expected = Object.entries(imageEnvironment()).map(([name, value]) => `${name}=${value}`);
    expect(expected).to.include('SLUICE_DATA=/var/lib/sluice');
    expect(image.OCIv1.config.Env).to.have.members(expected);
  });

  it('has labels of the OCI image specification', () => {
    const { Labels } = image.OCIv1.config;
    const label = (name: string): string | undefined => Labels[`org.opencontainers.image.${name}`];
    expect(label('title')).to.equal('sluice');
    expect(label('version')).to.equal(version);
    expect(label('licenses')).to.equal(license);
    expect(description).to.match(/^Gateway between a Kubernetes cluster and CI/);
    expect(label('description')).to.match(/^Gateway between a Kubernetes cluster and CI/);
    expect(Labels).to.have.property('org.opencontainers.image.revision');
  });

  it('is for this architecture, in one layer for the runtime and one for the application', () => {
    expect(image.OCIv1.architecture).to.equal(own);
    expect(image.OCIv1.rootfs.diff_ids).to.have.length(2);
  });

  it('contains exactly the tree, which is the same each time it is laid out', function () {
    this.timeout(300_000);
    const container = buildah.run('from', `${NAME}:latest`);
    const mounted = new Tree(buildah.run('mount', container));
    const built = renderListing(mounted.entries());
    expect(built.split('\n')).to.deep.equal(renderListing(layoutOf(own).entries).split('\n'));
    const listing = readFileSync(join(project, 'build/image', own, 'listing.txt'), 'utf8');
    expect(built).to.equal(listing);
    buildah.run('rm', container);
  });
});
