/** A WIT name as the glue spells it in JavaScript: `read-via-stream` → `readViaStream`. */
export const camelCase = (name: string): string =>
  name
    .split('-')
    .map((word, index) => {
      const lower = word.toLowerCase();
      return index === 0 ? lower : lower.charAt(0).toUpperCase() + lower.slice(1);
    })
    .join('');

/** `[method]input-stream.read` is a method of `input-stream`; a plain name is a function of its interface. */
export function partsOfName(name: string): {
  readonly kind?: string;
  readonly resource: string;
  readonly name: string;
} {
  const end = name.indexOf(']');
  if (!name.startsWith('[') || end < 0) return { resource: '', name };
  const rest = name.slice(end + 1);
  const dot = rest.indexOf('.');
  const resource = dot < 0 ? rest : rest.slice(0, dot);
  return { kind: name.slice(1, end), resource, name: rest.slice(resource.length + 1) };
}

/** The class that glue makes of a resource. */
export const classNameOf = (resource: string): string => {
  const name = camelCase(resource);
  return name.charAt(0).toUpperCase() + name.slice(1);
};
