// JSON as Go's encoder writes it. Source: https://pkg.go.dev/encoding/json#Marshal.

/** JSON with the characters escaped that Go escapes; only LF ends a line in it. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
