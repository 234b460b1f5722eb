import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, normalize, relative, sep } from 'node:path';
import { parseSync } from 'oxc-parser';

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** The file, for a path; `undefined` for a package or a module of Node. */
  readonly target: string | undefined;
  /** Names of the other file; `undefined`: all of them may be used. */
  readonly names: readonly string[] | undefined;
  /** `import()`: needed when that line runs, not when the file is loaded. */
  readonly dynamic: boolean;
  /** `export … from`. */
  readonly passedOn: boolean;
}

export interface Export {
  readonly name: string;
  readonly isType: boolean;
}

export interface LongFunction {
  readonly name: string;
  readonly lines: number;
}

export interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** The functions of the file with how many lines each has, those within others too. */
  readonly functions: readonly LongFunction[];
}

/** A package that is only looked for is used all the same. */
const RESOLVED = /(?:\brequire|\bcreateRequire\([^)]*\)|\bimport\.meta)\.resolve\(\s*['"]([^'"]+)['"]/g;
const IMPORT_TYPE = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Reads what a file of ours imports and exports. */
export function readSource(path: string, text: string): Source {
  const { module, program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`Cannot read ${path}: ${error.message}`);
  const target = (specifier: string): string | undefined =>
    specifier.startsWith('.')
      ? normalize(join(dirname(path), specifier))
          .split(sep)
          .join('/')
      : undefined;
  const imports: Import[] = [];
  const add = (specifier: string, names: readonly string[] | undefined, more: Partial<Import> = {}): void => {
    imports.push({ specifier, target: target(specifier), names, dynamic: false, passedOn: false, ...more });
  };
  for (const { moduleRequest, entries } of module.staticImports) {
    const all = entries.some(({ importName }) => importName.kind === 'NamespaceObject');
    const names = entries.map(({ importName }) => importName.name ?? 'default');
    add(moduleRequest.value, all ? undefined : names);
  }
  const exports: Export[] = [];
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest, importName, exportName, isType } of entries) {
      if (moduleRequest !== undefined && moduleRequest !== null) {
        const name = importName.name ?? undefined;
        add(moduleRequest.value, name === undefined ? undefined : [name], { passedOn: true });
      }
      exports.push({ name: exportName.name ?? '*', isType });
    }
  }
  // Those of types too, which the parser does not count as imports.
  for (const [, specifier = ''] of text.matchAll(IMPORT_TYPE)) add(specifier, undefined, { dynamic: true });
  for (const [, specifier = ''] of text.matchAll(RESOLVED)) add(specifier, undefined, { dynamic: true });
  return { path, text, imports, exports, functions: functionsOf(program, text) };
}

type Node = { readonly type?: unknown; readonly start?: number; readonly end?: number } & Record<
  string,
  unknown
>;
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

function functionsOf(program: unknown, text: string): readonly LongFunction[] {
  const found: LongFunction[] = [];
  const nameOf = (node: unknown): string | undefined => {
    const { id, key } = node as { id?: { name?: string } | null; key?: { name?: string } | null }; // the nodes that hold a function have one of these
    return id?.name ?? key?.name;
  };
  const visit = (value: unknown, name: string): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, name);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const node = value as Node; // the parser's own tree
    const own = nameOf(node) ?? name;
    if (FUNCTIONS.has(String(node.type)))
      found.push({ name: own, lines: text.slice(node.start, node.end).split('\n').length });
    for (const [key, child] of Object.entries(node)) if (key !== 'id' && key !== 'key') visit(child, own);
  };
  visit(program, '(unnamed)');
  return found;
}

/** Every file below the folders, as paths from the root; of installed packages none. */
export function listFiles(root: string, folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((file) => !file.includes('/node_modules/')),
  );
}

/** The TypeScript among them, read. */
export const readSources = (root: string, files: readonly string[]): readonly Source[] =>
  files
    .filter((file) => extname(file) === '.ts' && !file.endsWith('.d.ts'))
    .map((file) => readSource(file, readFileSync(join(root, file), 'utf8')));
