import { parseSync } from 'oxc-parser';

export interface Verified {
  readonly id: string;
  /** Of the test or group that says so; `undefined`: the whole file. */
  readonly title: string | undefined;
}

type Node = { readonly type?: string } & Record<string, unknown>;

/** Finds `verifies('ID', …)` in the text of a test file, with the test or the group that it stands in. */
export function findVerified(file: string, text: string): readonly Verified[] {
  const found: Verified[] = [];
  const visit = (value: unknown, title: string | undefined): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, title);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const node = value as Node; // the parser's own tree
    let own = title;
    if (node.type === 'CallExpression') {
      const args = node.arguments as readonly Node[]; // what a call has
      const name = calledName(node.callee as Node);
      if (name === 'verifies') {
        for (const { value: id } of args) if (typeof id === 'string') found.push({ id, title });
        return;
      }
      if (name === 'test' || name === 'describe') own = textOf(args[0]) ?? title;
    }
    for (const child of Object.values(node)) visit(child, own);
  };
  visit(parseSync(file, text).program, undefined);
  return found;
}

/** `test` of `test(…)`, `test.each(…)(…)` and `test.runIf(…)(…)`. */
function calledName(callee: Node | undefined): string | undefined {
  if (callee?.type === 'Identifier') return String(callee.name);
  if (callee?.type === 'CallExpression') return calledName(callee.callee as Node);
  if (callee?.type === 'MemberExpression') return calledName(callee.object as Node);
  return undefined;
}

const textOf = (node: Node | undefined): string | undefined =>
  node?.type === 'Literal' && typeof node.value === 'string'
    ? node.value
    : node?.type === 'TemplateLiteral'
      ? (node.quasis as readonly { readonly value: { readonly raw: string } }[])
          .map(({ value }) => value.raw)
          .join('…')
      : undefined;
