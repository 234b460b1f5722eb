import { SandglassError } from '../../../vocabulary/errors.ts';

/**
 * `import()` and its kin in any spelling that a script can have them in. Node answers them with promises of its own realm, through which glue
 * would get out of the one that it is in. Names of a binary stand in glue as words of text or as parts of names, where none of these follows.
 */
const IMPORTS = /(?<![\w$])import\s*(?:\(|\/[/*]|<!--|-->|\.\s*(?:[\\/<-]|source|defer|meta))/;
const EXPORT = /^export (?=function instantiate\(|const _util = \{)/gm;

/**
 * Glue as a script that evaluates to its `instantiate`.
 * @throws {SandglassError} INTERNAL for glue that imports anything.
 */
export function glueScript(glue: string): string {
  if (IMPORTS.test(glue))
    throw new SandglassError('INTERNAL', 'Cannot load the glue of a component: it imports something');
  return `(function () { 'use strict';\n${glue.replaceAll(EXPORT, '')}\nreturn instantiate; })()`;
}
