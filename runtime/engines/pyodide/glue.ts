/** Pyodide's two scripts, changed so that they run as classic scripts in a realm that has no `import()`. */
export interface GlueScripts {
  readonly loader: string;
  readonly glue: string;
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
  return {
    loader: withoutImport(loader, 'pyodide.js'),
    glue: withoutImport(
      glue
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
