// Where a request goes: `url` of the section with its templates, or the URL of a file or variable.

import { type JsonObject } from '../../core/event.ts';
import { nameOfSecret } from '../../kit/secret.ts';
import { type Credentials } from './request-credentials.ts';
import { clearSecrets, neededSecrets } from './secret-refs.ts';
import { type HttpSection } from './section.ts';
import { type TemplateScope, withSecrets } from './templates.ts';
import { type CompiledUrl, compileUrl } from './url-template.ts';

/** A URL to send to, or why there is none. */
type RenderedTarget =
  | { readonly ok: true; readonly url: URL; readonly shown: string }
  | Extract<ReturnType<CompiledUrl['render']>, { readonly ok: false }>;

/** Where the requests of a section go. */
interface RequestTarget {
  readonly render: (
    view: JsonObject,
    material: Pick<Credentials, 'url' | 'secrets'>,
  ) => RenderedTarget;
  /** The same for people, if its secrets cannot be read. */
  readonly where: (view: JsonObject) => string;
}

/** Compiles what a section says about its URL. */
export function compileTarget(section: HttpSection, scope: TemplateScope): RequestTarget {
  if (section.url === undefined) return secretTarget(section);
  const { url: text, secrets = {} } = section;
  const { render, hasSecret, origin } = compileUrl(text, scope, Object.keys(secrets));
  const isSecret = hasSecret || clearSecrets(section).some(({ path }) => path === '/url');
  const shownAs = isSecret ? () => origin : pathOf;
  return {
    render: (view, material) => {
      const rendered = render(hasSecret ? withSecrets(view, material.secrets) : view);
      return rendered.ok ? { ...rendered, shown: shownAs(rendered.url) } : rendered;
    },
    where: (view) => {
      if (isSecret) return origin;
      const rendered = render(view);
      return rendered.ok ? pathOf(rendered.url) : origin;
    },
  };
}

function secretTarget(section: HttpSection): RequestTarget {
  const { url: needed } = neededSecrets(section);
  const where = needed === undefined ? '' : `the URL of ${nameOfSecret(needed.ref)}`;
  return {
    render: (_view, { url }) =>
      url === null
        ? { ok: false, reason: 'not-renderable', why: `no URL in ${where}` }
        : { ok: true, url, shown: url.origin },
    where: () => where,
  };
}

/** A query may hold what no log should show; people need to see the path. */
function pathOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
