import { parse } from './lower.ts';
import { scan } from './scan.ts';

/** A node of the parser: what is looked at here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Longest text that is read: it is, before the run, on the host's side. */
const MOST_TEXT = 100_000;

const listOf = (value: unknown): readonly Node[] => (Array.isArray(value) ? (value as Node[]) : []);
const nameOf = (node: unknown): string | undefined => {
  const { name } = ((node as Node | undefined)?.id ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : undefined;
};

/** The names that a statement declares. */
const declared = (node: Node | undefined): readonly string[] =>
  (node?.type === 'VariableDeclaration' ? listOf(node.declarations) : [node])
    .map(nameOf)
    .filter((name) => name !== undefined);

/**
 * What Babel leaves out of namespaces: a part that names what another part exports gets it by a constant, and what is exported and changes becomes
 * a member that follows it. Lines stay where they are, types too.
 */
export function joinNamespaces(code: string, filename: string): string {
  if (code.length > MOST_TEXT) return code;
  let program: Node;
  try {
    program = parse(code, filename) as Node; // the parser's own
  } catch {
    return code; // the type remover says what is wrong with it
  }
  const inserted: [at: number, to: number, text: string][] = [];
  const exported = new Map<string, Set<string>>();
  const visit = (statements: readonly Node[], path: string): void => {
    for (const statement of statements) {
      const node = (statement.declaration as Node | undefined) ?? statement;
      const body = node.body as Node | undefined;
      const name = nameOf(node);
      if (node.type !== 'TSModuleDeclaration' || body?.type !== 'TSModuleBlock' || name === undefined)
        continue;
      const inside = listOf(body.body);
      const own = new Set(inside.flatMap((one) => declared((one.declaration as Node | undefined) ?? one)));
      const whole = `${path}.${name}`;
      const known = exported.get(whole) ?? new Set<string>();
      const words = new Set(scan(code.slice(body.start, body.end)).map(({ text }) => text));
      const asked = [...known].filter((one) => !own.has(one) && words.has(one));
      if (asked.length > 0)
        inserted.push([body.start + 1, body.start + 1, ` const { ${asked.join(', ')} } = ${name} as any;`]);
      for (const one of inside) {
        const given = one.declaration as Node | undefined;
        if (one.type !== 'ExportNamedDeclaration' || given === undefined) continue;
        for (const field of declared(given)) known.add(field);
        if (given.type !== 'VariableDeclaration' || given.kind === 'const') continue;
        inserted.push([one.start, given.start, '']);
        const fields = declared(given).map(
          (field) =>
            ` Object.defineProperty(${name}, '${field}', { enumerable: true, get: () => ${field}, set: (value: any) => { ${field} = value; } });`,
        );
        inserted.push([one.end, one.end, fields.join('')]);
      }
      exported.set(whole, known);
      visit(inside, whole);
    }
  };
  visit(listOf(program.body), '');
  let text = '';
  let at = 0;
  for (const [from, to, piece] of inserted.sort((a, b) => a[0] - b[0])) {
    text += code.slice(at, from) + piece;
    at = to;
  }
  return text + code.slice(at);
}
