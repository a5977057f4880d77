// Any text as a Kubernetes label value or DNS label. What does not fit is replaced and cut, so two
// texts may give the same label: nothing may rely on a label for identity.
// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
// and RFC 1123 for names.

const LONGEST_LABEL = 63;

/** A valid label value, at most 63 characters; '' where no letter or digit is in the text. */
export function toLabelValue(text: string): string {
  return trimEnd(toLabelCharacters(text).slice(0, LONGEST_LABEL));
}

/**
 * As `toLabelValue`, but a text that is too long says at its end how many characters are left out,
 * as in `a-long-reason.truncated-37`.
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

/** A valid DNS label of at most `max` characters; '' where no letter or digit is in the text. */
export function toDnsLabel(text: string, max: number): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, max)
    .replace(/-+$/, '');
}
