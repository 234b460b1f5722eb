// Puts what `dist` uses of some packages into it, one file a package, with the licences of all that is in it: users do not install them.
// An install of sucrase has fourteen packages and 4 MB; what runs of it here is a tenth of that in one file.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { buildSync } from 'esbuild';
import { listFiles, readSource } from './check/sources.ts';
import { keepLicences, packagesOf } from './keep-licences.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

interface Vendored {
  readonly name: string;
  /** Those of one word are bundled together, and share what they have in common. */
  readonly together?: string;
  /** The file in `dist/vendor`. @default the name */
  readonly file?: string;
  /** In place of a module: the file of a package. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Files whose only export a name is, where the package's own entry would bring in much more. */
  readonly parts?: Readonly<Record<string, string>>;
}

const VENDORED: readonly Vendored[] = [
  {
    name: '@modelcontextprotocol/client',
    file: 'mcp-client',
    together: 'mcp',
    alias: {
      '@modelcontextprotocol/client/_shims': '@modelcontextprotocol/client/dist/shimsWorkerd.mjs',
      'pkce-challenge': 'pkce-challenge/dist/index.browser.js',
    },
  },
  {
    name: '@modelcontextprotocol/server',
    file: 'mcp-server',
    together: 'mcp',
    // It checks nothing by JSON Schema here: the form with the smaller validator, and no module of Node's.
    alias: { '@modelcontextprotocol/server/_shims': '@modelcontextprotocol/server/dist/shimsWorkerd.mjs' },
  },
  { name: 'ajv' },
  { name: 'jose' },
  { name: 'css-select' },
  { name: 'htmlparser2' },
  { name: 'minisearch' },
  { name: 'oauth4webapi' },
  {
    name: 'rate-limiter-flexible',
    parts: {
      RateLimiterRedis: 'rate-limiter-flexible/lib/RateLimiterRedis.js',
      RateLimiterRes: 'rate-limiter-flexible/lib/RateLimiterRes.js',
    },
  },
  { name: 're2js' },
  {
    name: 'sucrase',
    // Of its two forms the one that its entry has, so that both share it.
    alias: { 'sucrase/dist/parser/tokenizer/state.js': 'sucrase/dist/esm/parser/tokenizer/state.js' },
  },
];

/** `ajv` of `ajv/dist/2020.js`. */
const vendored = (specifier: string): Vendored | undefined =>
  VENDORED.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));

const fileOf = ({ name, file = name }: Vendored): string => `${file}.js`;

/** Names that are used, by the specifier that they are imported from. */
const used = new Map<string, Set<string>>();
for (const path of listFiles(dist, ['runtime', 'host-functions']).filter((file) => file.endsWith('.js'))) {
  const file = join(dist, path);
  const text = readFileSync(file, 'utf8');
  const imports = readSource(path, text).imports.filter(({ specifier }) => vendored(specifier) !== undefined);
  for (const { specifier, names } of imports) {
    if (names === undefined) throw new Error(`Cannot vendor ${specifier}: ${path} imports all of it`);
    used.set(specifier, new Set([...(used.get(specifier) ?? []), ...names]));
  }
  if (imports.length === 0) continue;
  const fromHere = relative(dirname(file), join(dist, 'vendor')).split(sep).join('/');
  const changed = text.replace(/ from '([^'\n]+)'/g, (whole, specifier: string) => {
    const found = vendored(specifier);
    return found === undefined ? whole : ` from '${fromHere}/${fileOf(found)}'`;
  });
  writeFileSync(file, changed);
}

const groups = new Map<string, readonly Vendored[]>();
for (const one of VENDORED) {
  const key = one.together ?? one.name;
  groups.set(key, [...(groups.get(key) ?? []), one]);
}
for (const [name, group] of groups) {
  const alias = group.flatMap((one) =>
    Object.entries(one.alias ?? {}).map(([from, to]) => [from, join(root, 'node_modules', to)]),
  );
  const folder = join(dist, 'vendor');
  mkdirSync(folder, { recursive: true });
  const entries = group.map((one) => {
    const lines = [...used]
      .filter(([specifier]) => vendored(specifier) === one)
      .flatMap(([specifier, names]) =>
        [...names].map((name) => {
          const part = one.parts?.[name];
          return part === undefined
            ? `export { ${name} } from '${specifier}';`
            : `export { default as ${name} } from '${part}';`;
        }),
      );
    if (lines.length === 0) throw new Error(`Cannot vendor ${one.name}: nothing in dist imports it`);
    const entry = join(folder, `${one.file ?? one.name}.entry.js`);
    writeFileSync(entry, lines.join('\n'));
    return { in: entry, out: one.file ?? one.name };
  });
  const { metafile } = buildSync({
    entryPoints: entries,
    outdir: folder,
    bundle: true,
    splitting: group.length > 1,
    chunkNames: `${name}-[hash]`,
    nodePaths: [join(root, 'node_modules')],
    format: 'esm',
    platform: 'neutral', // browsers and workerd load it too
    external: ['node:*'],
    mainFields: ['module', 'main'],
    target: 'es2024',
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    absWorkingDir: root,
    alias: Object.fromEntries(alias),
  });
  for (const entry of entries) rmSync(entry.in);
  keepLicences(packagesOf(metafile));
}
