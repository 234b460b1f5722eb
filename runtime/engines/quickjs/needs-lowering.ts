import { mayHaveLoop, waitForReturns } from './for-await.ts';
import type { Program } from './program.ts';
import { scan } from './scan.ts';

/** Whether anything of a text may be written anew, by a look at its words alone. */
export const mayBeLowered = (code: string): boolean =>
  /@[\w$(]|\b(?:using|accessor)\b/.test(code) || mayHaveLoop(code);

/** Whether a text has decorators, `accessor` or `using`, which QuickJS does not know. */
export function needsLowering(code: string): boolean {
  if (!/@[\w$(]|\b(?:using|accessor)\b/.test(code)) return false;
  const tokens = scan(code);
  return tokens.some(({ text }, at) => {
    const next = tokens[at + 1];
    if (text === '@') return /^[\w$(]/.test(next?.text ?? '') && tokens[at - 1]?.text !== '.';
    if (text === 'accessor')
      return (
        next !== undefined &&
        !next.newLine &&
        /^[\w$#['"]/.test(next.text) &&
        /^(?:[{;}]|static)$/.test(tokens[at - 1]?.text ?? '')
      );
    return (
      text === 'using' &&
      next !== undefined &&
      !next.newLine &&
      /^[A-Za-z_$]/.test(next.text) &&
      /^(?:=|of)$/.test(tokens[at + 2]?.text ?? '')
    );
  });
}

/** The program, with what QuickJS does not know, or does otherwise, in it and its modules written in what it knows. */
export async function lowered(program: Program): Promise<Program> {
  if (program.lowered === true) return program;
  const plain = await withoutNewSyntax(program);
  const modules = Object.entries(plain.modules).map(([name, code]) => [name, waitForReturns(code)] as const);
  return { ...plain, code: waitForReturns(plain.code), modules: Object.fromEntries(modules) };
}

/** Without decorators and `using`; what does that is brought in when it is needed. */
async function withoutNewSyntax(program: Program): Promise<Program> {
  const asked = Object.values(program.modules).some(needsLowering);
  if (!asked && !needsLowering(program.code)) return program;
  const { lower } = await import('./lower.ts');
  const one = (code: string, name: string): string => {
    const text = needsLowering(code) ? lower(code, name) : code;
    return typeof text === 'string' ? text : `throw new SyntaxError(${JSON.stringify(text.failure)})`;
  };
  const modules = Object.entries(program.modules).map(([name, code]) => [name, one(code, name)] as const);
  return { ...program, code: one(program.code, program.filename), modules: Object.fromEntries(modules) };
}
