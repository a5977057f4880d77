// The variables and parameters of a manifest whose values an Event decides. The value comes from a
// template, the downward API, a ConfigMap in the manifest, or a reference to another such name. In
// doubt a name counts as decided by an Event. Values that a pipeline computes are not recognized.
// Source: Pod API reference (env, envFrom); k8s.io/kubernetes third_party/forked/golang/expansion;
// Tekton Pipelines, docs/variables.md; Argo Workflows, docs/variables.md.

import {
  childrenOf,
  isJsonObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  stringAt,
} from '../../core/json-object.ts';
import { pointerSteps, toPointer } from '../../kit/data/json-pointer.ts';
import { parseTemplate } from '../../kit/text/template.ts';
import { FIRST_WORDS, isEventPath } from './document.ts';
import { type Opener, openersOf, type Steps } from './manifest-places.ts';

/** Whether a text of a manifest contains a value of an Event. */
export function holdsEvent(text: string): boolean {
  const parsed = parseTemplate(text, FIRST_WORDS);
  return parsed.ok && parsed.template.paths.some(isEventPath);
}

/** Names of variables and parameters whose values an Event decides. */
export class EventNames {
  readonly #variables = new Set<string>();
  readonly #parameters = new Set<string>();
  /** JSON Pointers of the texts that contain an Event value. */
  readonly #decided: readonly string[];
  /** Beginnings of references that a controller replaces in this manifest. */
  readonly #openers: readonly Opener[];

  /** Finds the names; a name may refer to a later one. */
  constructor(manifest: JsonObject) {
    this.#openers = openersOf(stringAt(manifest, 'apiVersion'));
    this.#decided = decidedPlaces(manifest, []);
    const namings = [...namingsIn(manifest)];
    let before = -1;
    while (before !== this.#size) {
      before = this.#size;
      for (const { scope, name, source } of namings) {
        if (!this.#isDecided(source)) continue;
        (scope === 'variable' ? this.#variables : this.#parameters).add(name);
      }
    }
  }

  /**
   * The first reference in a text to such a variable or parameter, for instance `$(MSG)`; undefined
   * if there is none. `env` is the list of the text's container and takes precedence.
   */
  referenceIn(text: string, env?: Json): string | undefined {
    for (const [found, name] of text.matchAll(/\$\$|\$\(([^)]*)\)/g)) {
      if (name !== undefined && this.#isVariable(name, env)) return found;
    }
    return this.parameterIn(text);
  }

  /** The first reference to a parameter, for texts that kubelet does not expand. */
  parameterIn(text: string): string | undefined {
    // In other objects braces belong to a program.
    if (this.#openers.length === 0) return undefined;
    // Only kubelet reads a doubled dollar as an escape: Tekton replaces the reference after the
    // first one.
    for (const [found, dollar, braces] of text.matchAll(/\$\(([^)]*)\)|\{\{([\s\S]*?)\}\}/g)) {
      const isPath = dollar === undefined || /[.[]/.test(dollar);
      if (isPath && this.#namesParameter(dollar ?? braces ?? '')) return found;
    }
    return undefined;
  }

  get #size(): number {
    return this.#variables.size + this.#parameters.size;
  }

  #isVariable(name: string, env: Json | undefined): boolean {
    // If an Event chooses a variable's name, it can set any variable.
    if (this.#decided.some((pointer) => /\/env(?:\/\d+(?:\/name)?)?$/.test(pointer))) return true;
    const own = listOf(env).filter((entry) => stringAt(entry, 'name') === name);
    if (own.length > 0) return own.some((entry) => this.#isDecided(entry));
    if (this.#variables.has(name)) return true;
    // If an Event chooses a ConfigMap for `envFrom`, it chooses every variable in it.
    return this.#decided.some((pointer) => /\/envFrom(?:\/|$)/.test(pointer));
  }

  #namesParameter(reference: string): boolean {
    if (this.#parameters.size === 0) return false;
    // All parameters at once: `$(params[*])`, `{{inputs.parameters}}`.
    if (/\[\*\]|\b(?:params|parameters)\b(?!\s*[.[])/.test(reference)) return true;
    return [...this.#parameters].some((name) => hasWord(reference, name));
  }

  #isDecided(source: Json): boolean {
    if (typeof source === 'string') {
      return holdsEvent(source) || this.referenceIn(source) !== undefined;
    }
    if (isJsonObject(source) && this.#isFilled(source)) return true;
    return childrenOf(source).some(([, item]) => this.#isDecided(item));
  }

  /** Whether it refers to a field or key of the manifest that contains an Event value. */
  #isFilled(source: JsonObject): boolean {
    const fields = fieldPointers(stringAt(source, 'fieldRef', 'fieldPath'));
    const keys = ['configMapKeyRef', 'secretKeyRef'].map((kind) => stringAt(source, kind, 'key'));
    return this.#decided.some(
      (pointer) =>
        fields.some((field) => pointer.endsWith(field)) ||
        keys.some((key) => key !== '' && dataKeyOf(pointer) === key),
    );
  }
}

interface Naming {
  readonly scope: 'variable' | 'parameter';
  readonly name: string;
  /** Everything that its value is made from. */
  readonly source: Json;
}

/** Every name with its value in a part of the manifest. */
function* namingsIn(value: Json): Generator<Naming> {
  for (const [key, item] of childrenOf(value)) {
    yield* namingsAt(key, item);
    yield* namingsIn(item);
  }
}

/** The names that the value of a key has: of its entries, or its own keys. */
function namingsAt(key: string, item: Json): readonly Naming[] {
  switch (key) {
    case 'env':
      return namedEntries('variable', item);
    case 'params':
    case 'parameters':
    case 'args':
      return namedEntries('parameter', item);
    case 'annotations':
    case 'labels':
      return ownKeys('parameter', item);
    case 'data':
    case 'stringData':
      // `envFrom` of a ConfigMap in the manifest, without a prefix.
      return ownKeys('variable', item);
    case 'withItems':
    case 'withParam':
      return [{ scope: 'parameter', name: 'item', source: item }];
    default:
      return [];
  }
}

function ownKeys(scope: Naming['scope'], block: Json): readonly Naming[] {
  return Object.entries(objectOf(block)).map(([name, source]) => ({ scope, name, source }));
}

function namedEntries(scope: Naming['scope'], list: Json): readonly Naming[] {
  const entries = listOf(list).map((source) => ({ scope, name: stringAt(source, 'name'), source }));
  return entries.filter(({ name }) => name !== '');
}

function decidedPlaces(value: Json, steps: Steps): readonly string[] {
  if (typeof value === 'string') return holdsEvent(value) ? [toPointer(steps)] : [];
  return childrenOf(value).flatMap(([key, item]) => decidedPlaces(item, [...steps, key]));
}

/** Pointers of a field and its parents: `/metadata/labels/a`, `/metadata/labels`, … */
function fieldPointers(fieldPath: string): readonly string[] {
  const [, field = '', key] = /^([^[]*)(?:\['([^']*)'\])?$/.exec(fieldPath) ?? [];
  if (field === '') return [];
  const steps = [...field.split('.'), ...(key === undefined ? [] : [key])];
  return steps.map((_, index) => toPointer(steps.slice(0, index + 1)));
}

function dataKeyOf(pointer: string): string | undefined {
  const found = /\/(?:data|stringData)(\/[^/]+)$/.exec(pointer)?.[1];
  return found === undefined ? undefined : pointerSteps(found)[0];
}

/** Whether a text contains a word with no letter, digit, `_` or `-` next to it. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const beside = `${text[at - 1] ?? ' '}${text[at + word.length] ?? ' '}`;
    if (!/[\w-]/.test(beside)) return true;
  }
  return false;
}
