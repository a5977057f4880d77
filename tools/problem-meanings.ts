// Meanings of the problem codes, for docs/configuration.md; the type makes the table complete.

import type { ProblemCode } from '../lib/core/problem.ts';

/** Explains every problem code. */
export const PROBLEM_MEANINGS: Readonly<Record<ProblemCode, string>> = {
  unreadable: 'The file cannot be read: no such file, no permission, a folder.',
  'not-yaml': 'The text is neither YAML 1.2 nor JSON; the place is where the parser stopped.',
  'duplicate-key': 'A block has the same key twice, and it is unclear which one is meant.',
  'too-many-aliases':
    'Aliases (`*name`) expand to more than a configuration may hold, or to themselves.',
  'too-large': 'The file is larger than 1 MiB.',
  'several-documents': 'The file holds several YAML documents, separated by `---`.',
  'wrong-file':
    'The file is no configuration: empty, binary, a recording, Events, a Kubernetes object, or a file of another program. The message says what it looks like. It has none of the keys of a configuration, or has them below another key.',
  'unknown-key': 'The block has no such key; the hint names the nearest one.',
  'missing-key': 'A required key is missing.',
  'wrong-type': 'Text instead of a number, a value instead of a list, and so on.',
  'wrong-value': 'The right type, but not a value that is allowed here.',
  'bad-pattern': 'An invalid pattern, such as an expression that RE2 does not know.',
  'bad-duration': 'No duration: `30s`, `5m`, `1h30m`.',
  'bad-size': 'No size: `64Ki`, `1Mi`.',
  'bad-rate': 'No rate: `60/h`, `10/s`.',
  'bad-template':
    'A `${…}` that begins with an unknown word or does not end; `$${…}` writes `${…}`.',
  'bad-count': 'No count: `3`, `">= 3"`.',
  'bad-selector': 'No field selector, or one with a field by which the API server does not select.',
  'bad-name': 'A text that cannot be the name of a source, trigger or variable.',
  'template-place': 'A value of the Event where none is allowed; see the trigger’s section.',
  'shell-argument':
    'A value of the Event in a text that may be run as a program: after an option such as `-c`, behind `$(NAME)`, or in a script.',
  'argument-injection':
    'A whole argument that is a value of the Event, without a `--` before it: a value that begins with `-` is refused.',
  'env-not-passed':
    'A command of `exec` reads a variable of the gateway that `passEnv` does not name.',
  'unknown-trigger': 'A rule names a trigger that is not configured.',
  'unknown-source': 'A rule names a source that is not configured.',
  'duplicate-name':
    'A name, now or formerly, that another one has; as a warning: names cannot distinguish the objects of two triggers.',
  'shared-identity':
    'Two accept rules without a name start the same trigger: what one has started, the other never starts.',
  'triggers-missing':
    'An accept rule does not say what it starts, and there is not exactly one trigger.',
  'unused-trigger': 'No rule starts this trigger.',
  'name-is-ours': 'A manifest sets its own name; Sluice names objects by the delivery id.',
  'key-life-short':
    'The object would be deleted so soon that its name could not protect from a second start.',
  'never-matches': 'A condition that no Event can meet.',
  'selector-derived':
    'The selector that follows from the rules (`select: derived`); as a warning: it has no effect, because the log shows rejected Events.',
  'pruned-path':
    'A rule tests, or a template inserts, what a source that it can see removes by `shape.prune`.',
  'ignored-key': 'A key that the original ignored, in its form.',
  'letter-case': 'A key in other letter case, in the original’s form, where that was allowed.',
  'action-not-accept':
    'An action other than `accept`, in the original’s form: the rule rejects, as it always did.',
  'wrong-form': 'A key of Sluice’s own form in a document that is read as the original’s.',
  'guard-off': 'A guard against loops is switched off.',
  'store-small': 'A store so small that a large Event may never fit.',
  'store-forgets':
    'The store forgets everything at a restart, and the receiver of a trigger cannot detect a repetition.',
  'no-time': 'A waiting time of zero: the delivery becomes a dead letter at once.',
  'no-configuration': 'There are no rules: every Event is logged and rejected.',
  'secret-unreadable': 'A file or variable of a secret cannot be read.',
  'secret-in-clear':
    'The file holds text that looks like a secret: a token in a URL, a header or a body, or a secret URL.',
  'proxy-unusable':
    'A variable of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`) cannot be used: `run` does not start if a trigger needs it.',
  'not-allowed': 'A feature that only a flag of the command line permits.',
  'permission-missing':
    'Only with `--cluster`: the account lacks a permission that the configuration needs.',
  'manifest-refused':
    'Only with `--cluster`: the API server refuses a manifest in a dry run, for a misspelled field, an invalid value, or a kind or namespace that does not exist. Or the cluster does not serve its type; the hint then says what to write.',
  'cluster-unchecked':
    'Only with `--cluster`: the API server did not say which permissions the account has, or which types it serves.',
};
