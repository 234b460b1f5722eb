import { createRequire } from 'node:module';

// The package ships its parser and the types of it, in folders that no resolver brings together.
const load = createRequire(import.meta.url);
const { parse } = load('sucrase/dist/parser/index.js') as typeof import('sucrase/dist/types/parser/index');
const { TokenType } = load(
  'sucrase/dist/parser/tokenizer/types.js',
) as typeof import('sucrase/dist/types/parser/tokenizer/types');

/**
 * Writes template literals as sums. QuickJS compiles a template to a call of `String.prototype.concat`, which a guest can replace; a sum
 * looks nothing up. Untagged templates only, with text and numbers in them.
 */
export function lowerTemplates(code: string): string {
  const { tokens } = parse(code, false, false, false);
  let out = '';
  let at = 0;
  /** Open templates: whether the next token is between its backquotes, or inside one of its expressions. */
  const open: number[] = [];
  let depth = 0;
  for (const { type, start, end } of tokens) {
    const inTemplate = open.length > 0 && open[open.length - 1] === depth;
    if (type === TokenType.backQuote) {
      out += code.slice(at, start);
      at = end;
      if (inTemplate) {
        open.pop();
        out += ')';
      } else {
        open.push(depth);
        out += '(""';
      }
    } else if (type === TokenType.template) {
      out += `+${JSON.stringify(cooked(code.slice(start, end)))}`;
      at = end;
    } else if (type === TokenType.dollarBraceL) {
      depth += 1;
      out += '+(';
      at = end;
    } else if (type === TokenType.braceL) depth += 1;
    else if (type === TokenType.braceR) {
      depth -= 1;
      if (open.length > 0 && open[open.length - 1] === depth) {
        out += `${code.slice(at, start)})`;
        at = end;
      }
    }
  }
  return out + code.slice(at);
}

/** The text that a raw piece of a template stands for. */
function cooked(raw: string): string {
  const value: unknown = new Function(`return \`${raw}\``)(); // our own source, while the engine is built
  return String(value);
}
