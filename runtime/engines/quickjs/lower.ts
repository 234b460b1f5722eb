import { transform } from '@babel/standalone';
import type { GuestFailure } from './machine-host.ts';

/** Longest text that is lowered, characters: the work grows with it, and is done in the guest's cell. */
const MOST_TEXT = 1_000_000;
/** Longest text with namespaces: these are read before the run, on the host's side. */
const MOST_NAMESPACES = 100_000;

type Options = Parameters<typeof transform>[1];
const transformed = (code: string, options: object): string | undefined =>
  transform(code, { ...PLAIN, plugins: PLUGINS, ...options } as Options)?.code ?? undefined; // its types know fewer forms of presets

/** Nothing is looked up beside the file, and lines stay where they are. */
const PLAIN = {
  babelrc: false,
  configFile: false,
  compact: false,
  retainLines: true,
  sourceType: 'module',
  parserOpts: { allowReturnOutsideFunction: true, allowAwaitOutsideFunction: true },
} as const;
const PLUGINS = [['proposal-decorators', { version: '2023-11' }], ['transform-explicit-resource-management']];

/** `import x = require('y')` and `export = x`, which the parser does not take in a module, in words that it takes. */
const withoutEquals = (code: string): string =>
  code
    .replace(
      /^([ \t]{0,80})import\s{1,9}([\w$]{1,80})\s{0,9}=\s{0,9}require\s{0,9}\(/gm,
      '$1const $2 = require(',
    )
    .replace(/^([ \t]{0,80})export\s{0,9}=(?![=>])/gm, '$1module.exports =');

/** Removes types where namespaces are more than types: they become objects. Decorators and `using` are written as below. */
export function stripNamespaces(code: string, filename: string): string | undefined {
  if (code.length > MOST_NAMESPACES) return undefined;
  try {
    const jsx = filename.endsWith('x');
    return transformed(withoutEquals(code), {
      filename: jsx ? 'main.tsx' : 'main.ts',
      presets: [
        ['typescript', { onlyRemoveTypeImports: true }],
        ...(jsx ? [['react', { runtime: 'classic' }]] : []),
      ],
    });
  } catch {
    return undefined; // the type remover says what is wrong with it
  }
}

/** Writes decorators (as the standard has them) and `using` in what QuickJS knows. Lines stay where they are. */
export function lower(code: string, filename: string): string | GuestFailure {
  if (code.length > MOST_TEXT) {
    return {
      failure: `Cannot read ${filename}: ${code.length} characters with decorators or using are over ${MOST_TEXT}`,
    };
  }
  try {
    return transformed(code, { filename: 'main.js' }) ?? code;
  } catch {
    return code; // the engine's own parser says what is wrong with it
  }
}

/** The tree of a TypeScript text, with decorators wherever TypeScript ever had them. @throws {Error} on what cannot be read */
export function parse(code: string, filename: string): unknown {
  const { parserOpts, sourceType } = PLAIN;
  const plugins = [
    'typescript',
    'decorators-legacy',
    'decoratorAutoAccessors',
    ...(filename.endsWith('x') ? ['jsx'] : []),
  ];
  const options = {
    ast: true,
    code: false,
    babelrc: false,
    configFile: false,
    sourceType,
    parserOpts: { ...parserOpts, plugins },
  };
  return transform(code, options as unknown as Options)?.ast?.program;
}
