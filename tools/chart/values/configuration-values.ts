// Values that say what is filtered and what is started: the original's two, and our own form.

import { configurationValue } from '../configuration-value.ts';
import { originalFilters } from '../original-filters.ts';
import { block, flag, resources, text, type ValueGroup } from '../value-schema.ts';

/** What to filter and what to start. */
export const configurationValues: ValueGroup = {
  title: 'What to filter and what to start',
  values: {
    project: {
      type: ['string', 'null'],
      default: '',
      description:
        "A Brigade project, by id (brigade-830c16d4…) or by name (org/repo). Its builds start in the release's namespace. Use `project` and `filters`, or `config`, not both. With neither, every Event of the release's namespace is logged and rejected.",
      examples: ['org/repo'],
    },
    filters: originalFilters(),
    config: configurationValue(),
    existingConfigMap: block(
      "A ConfigMap of the release's namespace with the whole configuration, instead of the three values above. The chart cannot read it: the permissions, the watched namespaces and the secrets are then yours to give.",
      {
        name: text('Its name.', { examples: ['sluice-configuration'] }),
        key: text('The key of the file in it.', { default: 'config.yaml', minLength: 1 }),
      },
    ),
    configurationCheck: block(
      'A Job before each installation and upgrade that runs `sluice check` on the configuration, for errors that no schema can find. If it fails, nothing is changed.',
      {
        enabled: flag('Whether it runs.', true),
        resources: resources('Its requests and limits.', {
          requests: { cpu: '50m', memory: '128Mi' },
          limits: { memory: '256Mi' },
        }),
      },
    ),
  },
};
