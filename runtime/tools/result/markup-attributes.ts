import { HTML_ATTRIBUTES, STYLE_PROPERTIES, SVG_ATTRIBUTES } from './markup-names.ts';

export type Markup = 'html' | 'svg';

/** Names in the text are kept apart from those of the page that it is shown in. */
const PREFIX = 'out-';

const LOWERCASE = {
  html: lowercased(HTML_ATTRIBUTES),
  svg: lowercased(SVG_ATTRIBUTES),
} as const;

/** An attribute as it may stay, with its value decoded; `undefined` for one that may not. */
export function safeAttribute(
  element: string,
  given: string,
  value: string,
  markup: Markup,
): readonly [name: string, value: string] | undefined {
  const name = LOWERCASE[markup].get(given.toLowerCase());
  if (name === undefined) return undefined;
  const safe = safeValue(element, name, value, markup);
  return safe === undefined ? undefined : [name, safe];
}

function safeValue(element: string, name: string, value: string, markup: Markup): string | undefined {
  switch (name) {
    case 'id':
      return isWord(value) ? PREFIX + value : undefined;
    case 'href':
    case 'xlink:href':
      if (value.startsWith('#')) return isWord(value.slice(1)) ? `#${PREFIX}${value.slice(1)}` : undefined;
      return element === 'a' && markup === 'html' ? link(value) : undefined;
    case 'cite':
      return link(value);
    case 'src':
      return element === 'img' && isPicture(value) ? value : undefined;
    case 'xmlns':
      return value === 'http://www.w3.org/2000/svg' ? value : undefined;
    case 'style':
      return safeStyle(value);
    default:
      return markup === 'svg' ? paint(value) : value;
  }
}

/** What a page opens when somebody clicks, and nothing that runs. */
function link(value: string): string | undefined {
  return /^(?:https?:\/\/|mailto:)[^\p{Cc}\s]*$/iu.test(value) ? value : undefined;
}

/** It holds its own bytes: nothing is loaded, so that nobody learns that it is shown. */
const isPicture = (value: string): boolean =>
  /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*$/.test(value);

const isWord = (value: string): boolean => /^[\w.:-]{1,128}$/.test(value);

/** References of a value lead into the same text, or it goes. */
function paint(value: string): string | undefined {
  if (/[\\@<]|\/\*|javascript:|expression|image|-set/i.test(value)) return undefined;
  const parts = value.split(/url\(/i);
  const [before = '', ...references] = parts;
  const rest = references.map((part) => {
    const end = part.indexOf(')');
    const name = part.slice(0, Math.max(0, end)).trim().replace(/^["']/, '').replace(/["']$/, '');
    return end >= 0 && name.startsWith('#') && isWord(name.slice(1))
      ? `url(#${PREFIX}${name.slice(1)})${part.slice(end + 1)}`
      : undefined;
  });
  return rest.includes(undefined) ? undefined : [before, ...rest].join('');
}

/** Declarations of known properties, the others go. */
function safeStyle(value: string): string | undefined {
  const kept = value.split(';').flatMap((declaration) => {
    const at = declaration.indexOf(':');
    const property = declaration.slice(0, Math.max(0, at)).trim().toLowerCase();
    const said = STYLE_PROPERTIES.has(property) ? paint(declaration.slice(at + 1).trim()) : undefined;
    return said === undefined || said === '' ? [] : [`${property}: ${said}`];
  });
  return kept.length === 0 ? undefined : kept.join('; ');
}

function lowercased(names: ReadonlySet<string>): ReadonlyMap<string, string> {
  return new Map([...names].map((name) => [name.toLowerCase(), name]));
}
