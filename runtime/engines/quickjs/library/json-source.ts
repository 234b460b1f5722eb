import { hide } from './inner.ts';

/** A value with the text that it was written as, or with those of its parts. */
type Node =
  | { readonly source: string; readonly value: unknown }
  | { readonly items: readonly Node[] }
  | { readonly fields: ReadonlyMap<string, Node> };
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

/** The texts of a JSON text that was found to be well formed. */
const sourcesOf = (json: string, read: (text: string) => unknown): Node => {
  const token = /\s*(?:[{}[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+)/y;
  const next = (): string => (token.exec(json)?.[0] ?? '').trimStart();
  const node = (first: string): Node => {
    if (first === '[') {
      const items: Node[] = [];
      for (let at = next(); at !== ']'; at = next()) if (at !== ',') items.push(node(at));
      return { items };
    }
    if (first !== '{') return { source: first, value: read(first) };
    const fields = new Map<string, Node>();
    for (let at = next(); at !== '}'; at = next()) {
      if (at === ',') continue;
      next(); // the colon
      fields.set(read(at) as string, node(next()));
    }
    return { fields };
  };
  return node(next());
};

const childOf = (node: Node | undefined, key: string): Node | undefined => {
  if (node === undefined) return undefined;
  if ('items' in node) return node.items[Number(key)];
  return 'fields' in node ? node.fields.get(key) : undefined;
};

/** Parts first, as the language has it; a value that the reviver itself put there has no source. */
const revived = (holder: object, key: string, node: Node | undefined, reviver: Reviver): unknown => {
  const value = (holder as Record<string, unknown>)[key];
  if (typeof value === 'object' && value !== null) {
    for (const name of Object.keys(value)) {
      const part = revived(value, name, childOf(node, name), reviver);
      if (part === undefined) Reflect.deleteProperty(value, name);
      else
        Reflect.defineProperty(value, name, {
          value: part,
          writable: true,
          enumerable: true,
          configurable: true,
        });
    }
  }
  const known = node !== undefined && 'source' in node && Object.is(node.value, value);
  return Reflect.apply(reviver, holder, [key, value, known ? { source: node.source } : {}]);
};

/** `JSON.parse` whose reviver is told how a number, text or word was written, where it takes a third argument. */
export const installJsonSource = (): void => {
  const plain = JSON.parse as (text: unknown, reviver?: unknown) => unknown;
  hide(JSON, 'parse', function parse(text: unknown, reviver?: unknown): unknown {
    if (typeof reviver !== 'function' || reviver.length < 3) return plain(text, reviver);
    const value = plain(text);
    return revived({ '': value }, '', sourcesOf(String(text), plain), reviver as Reviver);
  });
};
