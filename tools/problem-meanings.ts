// What each problem code means, for docs/configuration.md; the type makes the list complete.

import type { ProblemCode } from '../lib/core/problem.ts';

/** Every code of a problem, explained. */
export const PROBLEM_MEANINGS: Readonly<Record<ProblemCode, string>> = {
  unreadable: 'The file can not be read: no such file, no permission, a folder.',
  'not-yaml': 'The text is neither YAML 1.2 nor JSON; the place is where the parser gave up.',
  'duplicate-key':
    'A block has the same key twice. Nobody can say which one counts, so neither does.',
  'too-many-aliases':
    'Aliases (`*name`) stand for more than a configuration may hold, or for themselves.',
  'too-large': 'The file is larger than 1 MiB.',
  'several-documents': 'The file holds several YAML documents, separated by `---`.',
  'wrong-file':
    'The file is something else: empty, binary, a recording, Events, a Kubernetes object, or a file of another program. The message says what it looks like. It has none of the keys by which a configuration is known, or they stand below another key.',
  'unknown-key': 'There is no such key here; the hint names the nearest one.',
  'missing-key': 'A key that must be there is not.',
  'wrong-type': 'Text where a number belongs, a value where a list belongs, and so on.',
  'wrong-value': 'The right type, but not one of the values that may stand here.',
  'bad-pattern': 'A pattern that can not be read, such as an expression that RE2 does not know.',
  'bad-duration': 'No duration: `30s`, `5m`, `1h30m`.',
  'bad-size': 'No size: `64Ki`, `1Mi`.',
  'bad-rate': 'No rate: `60/h`, `10/s`.',
  'bad-template':
    'A `${…}` that begins with an unknown word or does not end; `$${…}` writes `${…}`.',
  'bad-count': 'No count: `3`, `">= 3"`.',
  'bad-name': 'A name of a source, trigger or variable that can not be used as one.',
  'template-place': 'A value of the Event where none may stand; see the trigger’s section.',
  'shell-argument':
    'A value of the Event in what can become program text: after an option such as `-c`, behind `$(NAME)`, or in a script.',
  'argument-injection':
    'A whole argument that is a value of the Event, without a `--` before it: a value that begins with `-` is refused.',
  'env-not-passed':
    'A command of `exec` reads a variable of the gateway that `passEnv` does not name.',
  'unknown-trigger': 'A rule names a trigger that is not configured.',
  'unknown-source': 'A rule names a source that is not configured.',
  'duplicate-name':
    'A name, now or formerly, that another one has; as a warning: two triggers whose objects can not be told apart by name.',
  'shared-identity':
    'Two accept rules without a name start the same trigger: what one has started, the other never starts.',
  'triggers-missing':
    'An accept rule does not say what it starts, and there is not exactly one trigger.',
  'unused-trigger': 'No rule starts this trigger.',
  'name-is-ours': 'A manifest sets its own name; Sluice names objects by the delivery id.',
  'key-life-short':
    'The object would be deleted so soon that its name could not protect from a second start.',
  'never-matches': 'A condition that no Event can meet.',
  'ignored-key': 'A key that the original ignored, in its form.',
  'letter-case': 'A key in other letter case, in the original’s form, where that was allowed.',
  'action-not-accept':
    'An action other than `accept`, in the original’s form: the rule rejects, as it always did.',
  'wrong-form': 'A key of Sluice’s own form in a document that is read as the original’s.',
  'guard-off': 'A guard against loops is switched off.',
  'store-small': 'A store so small that a large Event may never fit.',
  'store-forgets':
    'The store keeps nothing across a restart, and a trigger’s receiver can not tell what was started before.',
  'no-time': 'A time of zero for something that would wait: it becomes a dead letter at once.',
  'no-configuration': 'There is nothing to decide by: every Event is logged and rejected.',
  'secret-unreadable': 'A file or variable that should hold a secret can not be read.',
  'secret-in-clear':
    'The file holds what looks like a secret: a token in a URL, a header or a body, or a secret URL.',
  'proxy-unusable':
    'A variable of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`) cannot be used: `run` does not start if a trigger needs it.',
  'not-allowed': 'Something that only a flag of the command line permits.',
};
