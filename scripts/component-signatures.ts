// Writes the table of interfaces that component guests may import, from `wit/` and the WASI 0.2 WIT that jco carries.
// Run it after a change of either, then the formatter: node scripts/component-signatures.ts

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import type { Item } from '../runtime/engines/component/types/model.ts';
import { readComponentTypes } from '../runtime/engines/component/types/read-component.ts';
import { functionText, typeText, unversioned } from '../runtime/engines/component/types/wit-type.ts';
import { hostPackage } from './tools/build-component.ts';

const WASI = new URL('../node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12/', import.meta.url);
const TARGET = new URL('../runtime/engines/component/interfaces/signatures.ts', import.meta.url);

const IMPORTED = [
  ...['environment', 'exit', 'stdin', 'stdout', 'stderr'].map((name) => `wasi:cli/${name}@0.2.12`),
  ...['input', 'output', 'stdin', 'stdout', 'stderr'].map((name) => `wasi:cli/terminal-${name}@0.2.12`),
  'wasi:clocks/wall-clock@0.2.12',
  'wasi:clocks/monotonic-clock@0.2.12',
  ...['random', 'insecure', 'insecure-seed'].map((name) => `wasi:random/${name}@0.2.12`),
  ...['error', 'poll', 'streams'].map((name) => `wasi:io/${name}@0.2.12`),
  'wasi:filesystem/types@0.2.12',
  'wasi:filesystem/preopens@0.2.12',
  ...[
    'network',
    'instance-network',
    'udp',
    'udp-create-socket',
    'tcp',
    'tcp-create-socket',
    'ip-name-lookup',
  ].map((name) => `wasi:sockets/${name}@0.2.12`),
  'wasi:http/types@0.2.12',
  'wasi:http/outgoing-handler@0.2.12',
  ...['types', 'browser', 'docs', 'fs', 'http', 'kv', 'log', 'sql'].map(
    (name) => `sandglass:host/${name}@0.1.0`,
  ),
];

/** One WIT text with every package in it: paths do not work in the tools' own file system. */
export async function witOf(root: string): Promise<string> {
  const packages: string[] = [];
  for (const folder of await readdir(WASI)) {
    const text = await readFile(new URL(`${folder}/package.wit`, WASI), 'utf8');
    packages.push(text.replace(/^package ([^;]+);/m, 'package $1 {').concat('\n}'));
  }
  packages.push(await hostPackage());
  return `${root}\n${packages.join('\n')}`;
}

export interface SignatureTables {
  readonly named: Readonly<Record<string, string>>;
  readonly signatures: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Reads the interfaces from a component that imports all of them, with the reader that guests are read with. */
export async function readSignatures(): Promise<SignatureTables> {
  const root = `package root:all;\nworld all {\n${IMPORTED.map((name) => `import ${name};`).join('\n')}\n}`;
  const embedded = await componentEmbed({ dummy: true, witSource: await witOf(root), world: 'all' });
  const { imports } = readComponentTypes(await componentNew(embedded, []));
  const named = new Map<string, string>();
  for (const [name, item] of imports) {
    if (item.sort !== 'instance') continue;
    for (const [typeName, exported] of item.exports) {
      if (exported.sort !== 'type' || exported.type.kind !== 'value') continue;
      const text = typeText(exported.type.type);
      if (text.length <= 60 || [...named.values()].includes(text)) continue;
      named.set(`${unversioned(name)}.${typeName}`, text);
    }
  }
  const longestFirst = [...named].sort(([, a], [, b]) => b.length - a.length);
  const shorten = (text: string, self?: string): string =>
    longestFirst.reduce(
      (out, [name, long]) => (name === self ? out : out.replaceAll(long, `$${name}$`)),
      text,
    );
  const functionsOf = (items: ReadonlyMap<string, Item>) =>
    [...items].flatMap(([name, item]) =>
      item.sort === 'func' ? [[name, shorten(functionText(item.type))]] : [],
    );
  return {
    named: Object.fromEntries(longestFirst.toReversed().map(([name, text]) => [name, shorten(text, name)])),
    signatures: Object.fromEntries(
      [...imports].flatMap(([name, item]) =>
        item.sort === 'instance' ? [[unversioned(name), Object.fromEntries(functionsOf(item.exports))]] : [],
      ),
    ),
  };
}

const HEADER = `// Written by scripts/component-signatures.ts from wit/ and the WASI 0.2 WIT. Do not edit.

/** Long types by name; \`$name$\` in a text stands for one of them. */
export const NAMED_TYPES: Readonly<Record<string, string>> = `;

if (import.meta.main) {
  const { named, signatures } = await readSignatures();
  await writeFile(
    TARGET,
    `${HEADER}${JSON.stringify(named, undefined, 2)};

/** Interface without version → function → its type. */
export const SIGNATURES: Readonly<Record<string, Readonly<Record<string, string>>>> = ${JSON.stringify(signatures, undefined, 2)};
`,
  );
}
