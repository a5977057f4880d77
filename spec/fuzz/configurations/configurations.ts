// The target `configurations`: any text as a configuration, to a plan or to problems.

import { loadDocument } from '../../../lib/config/load-document.ts';
import { isJsonObject, type Json } from '../../../lib/core/json-object.ts';
import { writtenConfigurations } from '../corpus.ts';
import { anyJson, mutatedJson } from '../json-values.ts';
import type { FuzzRandom } from '../random.ts';
import type { FuzzTarget } from '../target.ts';
import { grownConfiguration, schemaKeys } from './from-schema.ts';
import { mustAgree, mustLoad, mustLoadAlike, mustReadJson } from './loading.ts';
import { asJson, asYaml, mistyped } from './written.ts';

/** A text, and where it was made of a value the same value written otherwise. */
export interface ConfigurationInput {
  readonly text: string;
  readonly twin: string | null;
}

/** Any text as a configuration. */
export const configurations: FuzzTarget<ConfigurationInput> = {
  name: 'configurations',
  feeds: 'YAML and JSON, grown from the schema and mistyped, to loadPlan and what it plans',
  make: (random) => {
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        return {
          text: mistyped(random.pick(writtenConfigurations()), writtenConfigurations(), random),
          twin: null,
        };
      case 3:
        return {
          text: mistyped(
            asYaml(grownConfiguration(random), random),
            writtenConfigurations(),
            random,
          ),
          twin: null,
        };
      case 4:
        return twinsOf(mutatedJson(grownConfiguration(random), random, schemaKeys()), random);
      case 5:
        return twinsOf(anyDocument(random), random);
      default:
        return twinsOf(grownConfiguration(random), random);
    }
  },
  check: ({ text, twin }) => {
    const loaded = mustLoad(text);
    mustReadJson(text);
    if (text.length % 8 === 0) mustLoadAlike(text, loaded);
    if (twin !== null) mustAgree(loaded, mustLoad(twin));
  },
};

function twinsOf(value: Json, random: FuzzRandom): ConfigurationInput {
  return { text: asYaml(value, random), twin: asJson(value, random) };
}

const ORIGINAL_KEYS = [
  'project',
  'filters',
  'namespace',
  'kind',
  'reasons',
  'action',
  'Action',
] as const;

/** A written configuration with something else in it, or one of the original's form, or any JSON. */
function anyDocument(random: FuzzRandom): Json {
  if (random.oneIn(3)) return anyJson(random, [...ORIGINAL_KEYS, ...schemaKeys()], 5);
  const document = loadDocument(random.pick(writtenConfigurations()));
  const value = document.ok && isJsonObject(document.value) ? document.value : { project: 'a/b' };
  return mutatedJson(value, random, random.oneIn(2) ? ORIGINAL_KEYS : schemaKeys());
}
