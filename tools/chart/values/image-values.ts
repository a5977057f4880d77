// Values that say which image runs, and how objects are called.

import { block, choice, kubernetesList, text, texts, type ValueGroup } from '../value-schema.ts';

// A tag such as 1.2 or 9 is a number to YAML.
const TAG = { type: ['string', 'number'] };

// Part of the names of Services, which have small letters, digits and - only.
const NAME = { pattern: '^(|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$' };

/** The image, and names and labels of objects. */
export const imageValues: ValueGroup = {
  title: 'Image and names',
  values: {
    image: block('The image of the gateway.', {
      registry: text('With a registry the image is registry/name:tag, without one name:tag.', {
        examples: ['registry.example.test/ci'],
      }),
      name: text('Its name.', { default: 'sluice', minLength: 1 }),
      tag: text("Empty: the chart's appVersion.", TAG),
      digest: text('A digest, which then decides instead of the tag.', {
        pattern: '^(|sha256:[0-9a-f]{64})$',
      }),
      pullPolicy: choice('When a node pulls the image.', ['IfNotPresent', 'Always', 'Never']),
    }),
    imagePullSecrets: kubernetesList('Secrets for pulling images.', {
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name'],
        properties: { name: { type: 'string', minLength: 1 } },
      },
      examples: [[{ name: 'registry-login' }]],
    }),
    ...ofTheOriginal(),
    nameOverride: text(
      'The name in the names of objects and in labels, instead of `sluice`.',
      NAME,
    ),
    fullnameOverride: text('The whole name of objects, instead of `<release>-sluice`.', NAME),
    commonLabels: texts('Labels of every object.', { team: 'ci' }),
    podLabels: texts('Further labels of the pod.', { 'example.com/cost': 'ci' }),
    podAnnotations: texts('Annotations of the pod.', { 'example.com/scrape': 'yes' }),
  },
};

/** The values of the image in the original's chart. */
function ofTheOriginal(): ValueGroup['values'] {
  const instead = (key: string, value: string): string =>
    `Only read from values of the original's chart: its default \`${value}\` is ignored, any other is an error. Use \`image.${key}\`.`;
  return {
    registry: text(instead('registry', 'brigadecore')),
    name: text(instead('name', 'brigade-k8s-gateway')),
    tag: text(instead('tag', 'latest'), TAG),
    pullPolicy: text(instead('pullPolicy', 'IfNotPresent')),
  };
}
