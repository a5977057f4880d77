// Renders the chart with the real helm and returns parsed objects. It needs no cluster and no
// repository.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { ensureHelm } from '../controlplane/build.ts';
import { leaveOut } from '../support/left-out.ts';

/** Options of rendering a chart. */
export interface RenderRequest {
  readonly values?: Readonly<Record<string, unknown>>;
  /** Default: `gw` in `ci-gateway`. */
  readonly release?: string;
  /** Further API versions of the cluster, such as those of OpenShift. */
  readonly apiVersions?: readonly string[];
  readonly namespace?: string;
}

/** Result of helm. */
export type Rendered =
  | { readonly ok: true; readonly objects: readonly KubeObject[] }
  | { readonly ok: false; readonly said: string };

/** The folder of the chart. */
export const chartDirectory = join(import.meta.dirname, '../../charts/sluice');

/** The default namespace of the release. */
export const releaseNamespace = 'ci-gateway';

/** helm's executable, or why these specs are skipped; in CI that is a failure. */
export async function findHelm(context: Mocha.Context): Promise<string> {
  const build = await ensureHelm();
  if (build.kind === 'built') return build.file;
  return leaveOut(context, 'specs of the chart', build.reason);
}

/** Renders the chart with its hooks; `template` leaves the notes out. */
export function render(helm: string, request: RenderRequest = {}): Rendered {
  const answer = runHelm(helm, ['template'], request);
  if (!answer.ok) return answer;
  const objects = loadAll(answer.said).filter((one) => one !== null && one !== undefined);
  return { ok: true, objects: objects as KubeObject[] };
}

/** The objects of a release, without its hooks; a failure fails the spec with helm's message. */
export function renderObjects(helm: string, request: RenderRequest = {}): readonly KubeObject[] {
  return renderAll(helm, request).filter((one) => hookOf(one) === undefined);
}

/** The objects of a hook, such as `test` or `pre-install`. */
export function renderHook(
  helm: string,
  hook: string,
  request: RenderRequest = {},
): readonly KubeObject[] {
  return renderAll(helm, request).filter((one) => hookOf(one)?.split(',').includes(hook));
}

function renderAll(helm: string, request: RenderRequest): readonly KubeObject[] {
  const rendered = render(helm, request);
  if (!rendered.ok) throw new Error(rendered.said);
  return rendered.objects;
}

function hookOf({ metadata }: KubeObject): string | undefined {
  return metadata?.annotations?.['helm.sh/hook'];
}

/** The notes that helm shows after installing. */
export function renderNotes(helm: string, request: RenderRequest = {}): string {
  const answer = runHelm(helm, ['install', '--dry-run=client'], request);
  if (!answer.ok) throw new Error(answer.said);
  return answer.said.slice(answer.said.indexOf('NOTES:'));
}

/** The one object of a kind. */
export function theOnly(objects: readonly KubeObject[], kind: string): KubeObject {
  const found = objects.filter((one) => one.kind === kind);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`expected one ${kind}, found ${found.length}`);
  }
  return only;
}

/** What helm wrote. */
export type HelmAnswer =
  | { readonly ok: true; readonly said: string }
  | Extract<Rendered, { ok: false }>;

/** Runs a command of helm on the chart; with an empty `release`, one that takes no name. */
export function runHelm(
  helm: string,
  command: readonly string[],
  request: RenderRequest,
): HelmAnswer {
  const { values = {}, release = 'gw', namespace = releaseNamespace } = request;
  const { apiVersions = [] } = request;
  const named = release === '' ? [] : [release];
  const args = [
    ...[...command, ...named, chartDirectory, '--namespace', namespace, '--values', '-'],
    ...apiVersions.flatMap((one) => ['--api-versions', one]),
  ];
  const ended = spawnSync(helm, args, { input: JSON.stringify(values), encoding: 'utf8' });
  if (ended.error !== undefined) throw ended.error;
  return ended.status === 0
    ? { ok: true, said: ended.stdout }
    : { ok: false, said: `${ended.stderr}${ended.stdout}` };
}
