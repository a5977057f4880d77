// How large a value of a manifest may be at its place.
// Source: execve(2) (MAX_ARG_STRLEN, 32 pages); k8s.io/apimachinery pkg/api/validation
// (TotalAnnotationSizeLimitB); etcd (--max-request-bytes).

import { isJsonObject, type Json } from '../../core/event.ts';
import { toText } from '../../kit/template.ts';
import type { Place } from './places.ts';

// What Linux takes as one argument or variable, less a little for the variable's name. With more,
// the pod is made and its process never starts.
const WORD_BYTES = 131_072 - 1_024;

// A pipeline makes arguments, variables and scripts of a parameter. Argo before 3.6 writes a
// template with its inputs, and the arguments made of them, into one variable: twice this fits.
const PARAM_BYTES = 60 * 1_024;

// The limit of one object's annotations is 256 KiB. The rest is for those that controllers add.
const ANNOTATIONS_BYTES = 240 * 1_024;

// Of an object: etcd's limit, and room for what the server and controllers add.
const OBJECT_BYTES = 1_024 * 1_024;

/** Bytes of JSON above which an object is not sent, because etcd would not take it. */
export const MOST_OBJECT_BYTES = 1_536 * 1_024;

/** Bytes of JSON that the templates of an object share; a quarter of them even beside a long text. */
export function templateBytes(constantBytes: number): number {
  return Math.max(OBJECT_BYTES / 4, OBJECT_BYTES - constantBytes);
}

/** The most that a text may have at a place, in bytes; annotations share theirs. */
export function usedBytesAt(place: Place): number {
  if (place === 'param') return PARAM_BYTES;
  return place === 'env' || place === 'argument' || place === 'command'
    ? WORD_BYTES
    : MOST_OBJECT_BYTES;
}

/** The bytes of each template in a map of annotations. */
export function annotationBytes(annotations: Json | undefined): number {
  const entries = isJsonObject(annotations) ? Object.entries(annotations) : [];
  const isTemplate = (value: Json): boolean => typeof value === 'string' && value.includes('${');
  const templates = entries.filter(([, value]) => isTemplate(value)).length;
  const constant = entries.map(([key, value]) => key + (isTemplate(value) ? '' : toText(value)));
  const room = Math.max(0, ANNOTATIONS_BYTES - Buffer.byteLength(constant.join('')));
  return Math.floor(room / Math.max(1, templates));
}
