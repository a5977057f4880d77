// `sluice rbac`: the permissions that a configuration needs in the cluster, as objects for
// `kubectl apply`, or as a table with their purpose. It makes no request.

import { renderYaml as toYaml } from '../config/parse-yaml.ts';
import type { Permission } from '../core/ports/kind.ts';
import { quoted } from '../kit/text/printable.ts';
import { type GrantedRole, type Grantee, toRoles, toRule } from '../kubernetes/access/roles.ts';
import { NAMESPACE_FLAGS, namespacesOf } from './cluster-flags.ts';
import type { Command } from './command.ts';
import {
  CONFIG_FLAGS,
  findConfiguration,
  loadConfiguration,
  requireUsable,
  showProblems,
} from './configuration.ts';
import { choiceOf, type GivenFlags, textFlag, usage } from './flags.ts';
import { type Column, renderTable, widthOf } from './text-table.ts';

const FORMATS = ['yaml', 'json', 'table'] as const;

// The name of account and roles in the plain manifests.
const DEFAULT_NAME = 'sluice';

/** Prints the permissions that a configuration needs. */
export const rbacCommand: Command = {
  name: 'rbac',
  summary: 'prints the permissions that a configuration needs, as Roles for kubectl apply',
  synopsis: '[FILE] [--format yaml|json|table] [--service-account NAME] [flags]',
  arguments: 1,
  argumentsAre: 'files',
  flags: {
    ...CONFIG_FLAGS,
    ...NAMESPACE_FLAGS,
    format: textFlag(
      'yaml|json|table',
      'output format; default yaml; the table says what each permission is needed for',
    ),
    'service-account': textFlag(
      'NAME',
      `the account of the gateway, NAME or NAMESPACE/NAME; default "${DEFAULT_NAME}" in its namespace`,
    ),
    name: textFlag(
      'NAME',
      `name of Roles and bindings, after the namespace if they are in another one; default "${DEFAULT_NAME}"`,
    ),
  },
  notes:
    'For instance: sluice rbac sluice.yaml --namespace gateway | kubectl apply -f -\n' +
    'The account itself is not among the objects: kubectl create serviceaccount sluice -n gateway',
  run: async (given, context) => {
    const { environment, stdout, stderr } = context;
    const format = choiceOf(given, 'format', FORMATS) ?? 'yaml';
    const namespaces = namespacesOf(given, environment);
    const settings = { ...namespaces, exec: 'allowed' as const };
    const file = fileOf(given);
    const found =
      file === undefined
        ? await findConfiguration(given, context, settings)
        : await loadConfiguration(file, context, settings);
    const { permissions } = requireUsable(found, context).plan;
    if (found.form === 'none') showProblems({ ...found, file: 'rbac' }, stderr, environment);
    if (format === 'table') {
      const place = { width: widthOf(stdout), whole: '--format yaml' };
      stdout.write(renderTable(COLUMNS, permissions, place));
      return 0;
    }
    const roles = toRoles(permissions, granteeOf(given, namespaces.namespace));
    stdout.write(format === 'json' ? renderJson(roles) : renderYaml(roles));
    return 0;
  },
};

/** The named file; undefined if only a variable of the environment can name one. */
function fileOf(given: GivenFlags): string | undefined {
  const flag = given.text('config');
  const [file, another] = [...(flag === undefined ? [] : [flag]), ...given.positionals];
  if (another === undefined) return file;
  throw usage('rbac reads one configuration: FILE or --config');
}

function granteeOf(given: GivenFlags, own: string): Grantee {
  const written = given.text('service-account') ?? DEFAULT_NAME;
  const slash = written.indexOf('/');
  const namespace = slash < 0 ? own : written.slice(0, slash);
  const account = written.slice(slash + 1);
  const name = given.text('name') ?? DEFAULT_NAME;
  if (namespace === '' && slash < 0) {
    const message =
      'flag --service-account needs NAMESPACE/NAME, because the namespace of the gateway is empty';
    throw usage(message);
  }
  for (const [flag, part] of [
    [slash < 0 ? 'namespace' : 'service-account', namespace],
    ['service-account', account],
    ['name', name],
  ] as const) {
    if (/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(part)) continue;
    const expected = 'expected small letters, digits, - and .';
    throw usage(`flag --${flag}: found ${quoted(part, 60)} (${expected})`);
  }
  return { account, namespace, name };
}

const COLUMNS: readonly Column<Permission>[] = [
  { title: 'NAMESPACE', text: ({ namespace }) => namespace ?? '*', least: 9, rank: 5 },
  { title: 'RESOURCE', text: resourceText, least: 12, rank: 4 },
  { title: 'VERBS', text: ({ verbs }) => verbs.join(','), least: 12, rank: 3 },
  { title: 'NAMES', text: ({ names }) => names?.join(',') ?? '-', least: 5, rank: 1 },
  { title: 'WHY', text: ({ why }) => why, least: 20, rank: 2 },
];

/** The resource as `kubectl auth can-i` takes it. */
function resourceText({ group, resource }: Permission): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function renderJson(roles: readonly GrantedRole[]): string {
  const items = roles.flatMap(({ role, binding }) => [role, binding]);
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`;
}

/** YAML with the purpose of each rule as a comment. */
function renderYaml(roles: readonly GrantedRole[]): string {
  return roles
    .map(({ role: { rules: _rules, ...head }, binding, permissions }) => {
      const rules = permissions.map((permission) => {
        const rule = toYaml([toRule(permission)], 2);
        return `  # ${permission.why}\n${rule.replaceAll(/^(?=.)/gm, '  ')}`;
      });
      return `---\n${toYaml(head)}rules:\n${rules.join('')}---\n${toYaml(binding)}`;
    })
    .join('');
}
