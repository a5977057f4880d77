// YAML without places: for files that are not ours, such as a kubeconfig, and are not explained to
// anybody line by line. Our own configuration is read by load.ts.
import { load } from 'js-yaml';

/**
 * The one document of a YAML text, as `unknown`.
 *
 * **Errors**: throws js-yaml's YAMLException; its `mark` says where, its message quotes the text.
 */
export function parseYaml(text: string): unknown {
  return load(text);
}
