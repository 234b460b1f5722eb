import { SandglassError } from '../../../vocabulary/errors.ts';

/**
 * Whether a script has `import()` or its kin in it, in any spelling. Node answers them with promises of its own realm, through which glue would
 * get out of the one that it is in. Names of a binary stand in glue as words of text or as parts of names, where none of what is looked for
 * follows.
 */
function importsSomething(script: string): boolean {
  for (let at = script.indexOf(WORD); at >= 0; at = script.indexOf(WORD, at + 1)) {
    if (isNamePart(script[at - 1])) continue;
    const next = afterBlanks(script, at + WORD.length);
    if (STARTS.some((start) => script.startsWith(start, next))) return true;
    if (script[next] !== '.') continue;
    const member = afterBlanks(script, next + 1);
    if (MEMBERS.some((start) => script.startsWith(start, member))) return true;
  }
  return false;
}

const WORD = 'import';
/** A call, or a comment before it. */
const STARTS = ['(', '/*', '//', '<!--', '-->'];
/** A member of `import` that loads something, or what may hide one. */
const MEMBERS = ['source', 'defer', 'meta', '\\', '/', '<', '-'];

const isNamePart = (char: string | undefined): boolean => char !== undefined && /[\w$]/.test(char);

function afterBlanks(script: string, from: number): number {
  let at = from;
  while (at < script.length && (script[at] ?? '').trim() === '') at++;
  return at;
}

const EXPORT = /^export (?=function instantiate\(|const _util = \{)/gm;

/**
 * Glue as a script that evaluates to its `instantiate`.
 * @throws {SandglassError} INTERNAL for glue that imports anything.
 */
export function glueScript(glue: string): string {
  if (importsSomething(glue))
    throw new SandglassError('INTERNAL', 'Cannot load the glue of a component: it imports something');
  return `(function () { 'use strict';\n${glue.replaceAll(EXPORT, '')}\nreturn instantiate; })()`;
}
