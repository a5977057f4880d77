// Names of created objects: a prefix and the delivery id, so that one delivery has one object.

/** Name of the object that a delivery starts: `<prefix>-<id>`. */
export function objectName(prefix: string, id: string): string {
  return `${prefix}-${id}`;
}
