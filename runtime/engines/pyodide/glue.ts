import { BOOT_SCRIPT, PARTS_SCRIPT } from './realm/scripts.ts';

/** Pyodide's two scripts, changed so that they run as classic scripts in a realm that has no `import()`. */
export interface GlueScripts {
  readonly loader: string;
  readonly glue: string;
  /** Exports of the interpreter that the scripts use by name; the others are left for code that is linked later. */
  readonly exports: readonly string[];
}

/** Names that the changed scripts leave on the realm's global object; the boot script takes them and deletes them. */
export const GLUE_NAMES = Object.freeze({ create: '__createPyodideModule', noImport: '__noImport' });

/**
 * `import()` is taken out altogether: even its rejection is an object of the host's realm.
 * @throws {Error} when a script does not look as expected, so that a new Pyodide version is looked at before it runs.
 */
export function realmScripts(loader: string, glue: string): GlueScripts {
  const exported = /export default _createPyodideModule;\s*$/;
  if (!exported.test(glue)) throw new Error('Cannot adapt pyodide.asm.mjs: its export is not where it was');
  if (!loader.includes('globalThis.loadPyodide=')) {
    throw new Error('Cannot adapt pyodide.js: it does not define loadPyodide');
  }
  if (glue.split(NAMES_ZONE).length !== 2)
    throw new Error('Cannot adapt pyodide.asm.mjs: it names time zones otherwise');
  const lean = withFewExports(glue, loader);
  return {
    loader: withoutImport(loader, 'pyodide.js'),
    exports: lean.exports,
    glue: withoutImport(
      withFewMembers(lean.glue, loader)
        .replace(NAMES_ZONE, (text) => `return absOffset===0?"UTC":${text.slice('return'.length)}`)
        .replace(exported, `globalThis.${GLUE_NAMES.create}=_createPyodideModule;`)
        .replace(/\bimport\.meta\.url\b/g, '"file:///pyodide/pyodide.asm.mjs"'),
      'pyodide.asm.mjs',
    ),
  };
}

function withoutImport(script: string, name: string): string {
  const changed = script.replace(/\bimport\s*\(/g, `${GLUE_NAMES.noImport}(`);
  // A method or property may carry the name; a keyword never follows a dot.
  const left = /(?<![.\w$])import\s*(?:\(|\.|\/\*)/.exec(changed);
  if (left !== null) throw new Error(`Cannot adapt ${name}: an import is left at ${left.index}`);
  return `(function () {\n${changed}\n})();`; // nothing of it stays on the global object but what it puts there
}

/** It calls UTC `UTC-0000`. */
const NAMES_ZONE = 'return`UTC$' + '{sign}$' + '{hours}$' + '{minutes}`';
const ASSIGNED = /^(_[\w$]+)=Module\["_[\w$]+"\]=wasmExports\["([\w$.]+)"\](?:\.value>>>0)?$/;
/** What the glue links all exports with at its start, before any other module asks for one. */
const LINKS_ALL = 'updateGOT(origExports);';
/** How it looks through the whole table of functions, with an object made of each, before it adds its first. */
const LOOKS_THROUGH = 'updateTableMap(0,wasmTable.length)';
/** Looked up by text that is not a name of a variable. */
const LOOKED_UP = ['main', '__main_argc_argv'];

/** A variable of the glue, put on its module object under its own name. */
const SHOWN = /(?<=[;}])Module\["([\w$]+)"\]=[\w$]+;/g;
/** Whatever looks a member up says its name so. */
const MEMBER = /\.\s*([\w$]+)|["']([\w$]+)["']/g;

/**
 * The glue shows nearly each of its functions and objects on its module object, for whoever embeds it: 1,600 that nobody asks for. Here it shows
 * those that some script names.
 */
function withFewMembers(glue: string, loader: string): string {
  const named = new Set<string>();
  for (const text of [glue.replace(SHOWN, ''), loader]) {
    for (const [, member = '', quoted = ''] of text.matchAll(MEMBER)) named.add(member || quoted);
  }
  for (const text of [BOOT_SCRIPT, PARTS_SCRIPT])
    for (const [name] of text.matchAll(/[\w$]+/g)) named.add(name);
  return glue.replace(SHOWN, (statement, name: string) => (named.has(name) ? statement : ''));
}

/**
 * The glue takes each of thousands of exports into a variable, of which it uses some hundred, and enters each into the tables of its linker.
 * Here it takes what it uses; `lateSymbols` brings the others when something is linked.
 */
function withFewExports(glue: string, loader: string): Pick<GlueScripts, 'glue' | 'exports'> {
  const start = glue.indexOf('function assignWasmExports(');
  const end = glue.indexOf('var wasmImports={', start);
  const isOnce = (text: string): boolean => glue.split(text).length === 2;
  if (start < 0 || end < 0 || !isOnce(LINKS_ALL) || !isOnce(LOOKS_THROUGH))
    throw new Error('Cannot adapt pyodide.asm.mjs: it takes its exports otherwise');
  const body = glue.slice(start, end);
  const [open, close] = [body.indexOf('{') + 1, body.lastIndexOf('}')];
  const before = glue.slice(0, start);
  const after = glue.slice(end);
  const uses = new Map<string, number>();
  for (const part of [before, after, loader]) {
    for (const [name] of part.matchAll(/[\w$]+/g)) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const exports = new Set([
    ...LOOKED_UP,
    ...[...`${before}${after}`.matchAll(/wasmExports(?:\??\.|\[")([\w$]+)/g)].map(([, name]) => name ?? ''),
  ]);
  const taken = body
    .slice(open, close)
    .split(';')
    .filter((statement) => {
      const [, variable, name] = ASSIGNED.exec(statement) ?? [];
      if (variable === undefined || name === undefined) return true; // the memory and the table
      const isUsed = (uses.get(variable) ?? 0) > 1; // once it is declared
      if (isUsed) exports.add(name);
      return isUsed;
    });
  return {
    glue: `${before.replace(LINKS_ALL, '').replace(LOOKS_THROUGH, '')}${body.slice(0, open)}${taken.join(';')}${body.slice(close)}${after}`,
    exports: [...exports],
  };
}
