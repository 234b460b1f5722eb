import { shownText } from '../../vocabulary/nearest.ts';

/** A template of URIs, `notes://{folder}/{id}`. */
export interface UriTemplate {
  /** Whether it has a variable of this name. */
  has(name: string): boolean;
  /** The variables of a URI, decoded; `undefined` for one that is not of the template. */
  match(uri: string): Readonly<Record<string, string>> | undefined;
}

/** Ends a variable: so a URI is matched in one way, from left to right. */
const ENDS = ['/', '?', '#', '&'];
/** Begins a URI: without it, a template would fit those of others. */
const SCHEME = /^[a-z][a-z0-9+.-]{0,63}:/i;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** @throws {RangeError} on anything but whole variables, each before the end or one of `/?#&`. */
export function readUriTemplate(template: string, where: string): UriTemplate {
  const wrong = (reason: string): RangeError =>
    new RangeError(`Cannot ${where}: the template ${shownText(template)} ${reason}`);
  const [start = '', ...rest] = template.split('{');
  const parts = rest.map((part) => {
    const end = part.indexOf('}');
    const [name, literal] = [part.slice(0, Math.max(0, end)), part.slice(end + 1)];
    if (!VARIABLE.test(name)) throw wrong('has something else than {name} in braces');
    if (literal !== '' && !ENDS.some((ending) => literal.startsWith(ending)))
      throw wrong(`needs one of ${ENDS.join(' ')} after {${name}}`);
    return { name, literal };
  });
  if (!SCHEME.test(start)) throw wrong('does not begin with a scheme');
  if (parts.length === 0) throw wrong('has no {name}');
  const twice = parts.find(({ name }, at) => parts.findIndex((part) => part.name === name) !== at);
  if (twice !== undefined) throw wrong(`has {${twice.name}} twice`);
  if (parts.slice(0, -1).some(({ literal }) => literal === '')) throw wrong('has two variables side by side');
  return {
    has: (name) => parts.some((part) => part.name === name),
    match(uri) {
      if (!uri.startsWith(start)) return undefined;
      const found: Record<string, string> = Object.create(null);
      let at = start.length;
      for (const { name, literal } of parts) {
        let end = at;
        while (end < uri.length && !ENDS.includes(uri.charAt(end))) end += 1;
        const value = decoded(uri.slice(at, end));
        if (end === at || value === undefined || !uri.startsWith(literal, end)) return undefined;
        found[name] = value;
        at = end + literal.length;
      }
      return at === uri.length ? found : undefined;
    },
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // it is no text that was encoded
  }
}
