// Any text as a Kubernetes label value or DNS label. Invalid characters are replaced and long texts
// are cut. Two texts may therefore give the same label, so a label must not be used for identity.
// Source:
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
// and RFC 1123 for names.

const LONGEST_LABEL = 63;

/** Makes a valid label value of at most 63 characters; '' if the text has no letter or digit. */
export function toLabelValue(text: string): string {
  return trimEnd(toLabelCharacters(text).slice(0, LONGEST_LABEL));
}

/**
 * Makes a label value like `toLabelValue`, but a cut text ends with the number of missing
 * characters, as in `a-long-reason.truncated-37`.
 */
export function toMarkedLabelValue(text: string): string {
  const whole = trimEnd(toLabelCharacters(text));
  if (whole.length <= LONGEST_LABEL) return whole;
  const room = LONGEST_LABEL - markOf(whole.length).length;
  const kept = trimEnd(whole.slice(0, room));
  return `${kept}${markOf(whole.length - kept.length)}`;
}

function markOf(left: number): string {
  return `.truncated-${left}`;
}

function toLabelCharacters(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
}

function trimEnd(text: string): string {
  return text.replace(/[^A-Za-z0-9]+$/, '');
}

/** Makes a valid DNS label of at most `max` characters; '' if the text has no letter or digit. */
export function toDnsLabel(text: string, max: number): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, max)
    .replace(/-+$/, '');
}
