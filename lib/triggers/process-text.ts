// What of a text a process can be given, as an argument or in its environment, whoever starts it.
// It cuts nothing and quotes nothing.
// Source: execve(2): arguments and variables end at the first NUL.

/** The text without NUL, and with U+FFFD for lone surrogates, which UTF-8 can not hold. */
export function toProcessText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}
