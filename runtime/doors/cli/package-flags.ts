import { resolve } from 'node:path';
import type { PythonPackageOptions } from '../../index.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { findPipIndex } from './pip-index.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** Flags that say where packages of Python guests come from. */
export const SOURCE_FLAGS: readonly Flag[] = [
  {
    name: 'wheels',
    value: 'FOLDER',
    help: 'Folder of Python wheels, looked at first. Default SANDGLASS_WHEELS of the environment.',
  },
  {
    name: 'index',
    value: 'URL',
    help: 'Package index (simple API) for what the folder lacks. Default SANDGLASS_INDEX; for --with else the one that pip uses.',
  },
  {
    name: 'base-url',
    value: 'URL',
    help:
      "Where the wheels of Pyodide's release lie, such as numpy: an address of it or of a mirror. " +
      'Default SANDGLASS_BASE_URL; for --with else the release itself, asked last.',
  },
  { name: 'offline', help: 'Use only wheels of the folder and the cache.' },
];

export const PACKAGE_FLAGS: readonly Flag[] = [
  {
    name: 'with',
    value: 'NAMES',
    help: 'Python packages to install first, e.g. numpy,attrs>=23. Repeatable. What the program imports comes from the wheel folder by itself.',
    repeats: true,
  },
  ...SOURCE_FLAGS,
];

/** Names behind `--with`. Commas part them, but not those of versions and extras: `attrs>=23,<24` is one, `a[b,c]` is one. */
export const readNames = (lists: readonly string[]): readonly string[] =>
  lists
    .flatMap((list) => list.split(/,(?=\s*[A-Za-z])(?![^[]*\])/))
    .map((name) => name.trim())
    .filter((name) => name !== '');

/**
 * Where packages come from, by flags and environment; `undefined` if nothing says so.
 * @param byName Packages were asked for by name: then the index that pip uses will do.
 * @throws {UsageError} when they were, and there is no source at all.
 */
export async function readPackageSources(
  parsed: ParsedArguments,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
  byName: boolean,
): Promise<PythonPackageOptions | undefined> {
  const { env, cwd } = terminal;
  const folder = parsed.one('wheels') ?? given(env.SANDGLASS_WHEELS);
  const named = parsed.one('index') ?? given(env.SANDGLASS_INDEX);
  const baseUrl = parsed.one('base-url') ?? given(env.SANDGLASS_BASE_URL);
  const offline = parsed.has('offline');
  const index = named ?? (byName && folder === undefined ? await findPipIndex(env) : undefined);
  if (folder === undefined && index === undefined && baseUrl === undefined) {
    if (!byName) return undefined;
    throw new UsageError(
      'Cannot install packages: there is no folder of wheels, and no package index is configured',
      'Give --wheels=FOLDER or --index=URL, or set SANDGLASS_INDEX',
    );
  }
  return {
    ...(folder === undefined ? {} : { wheels: resolve(cwd, folder) }),
    ...defined({ index, baseUrl }),
    ...(byName && baseUrl === undefined && folder === undefined ? { release: true } : {}),
    ...(offline ? { offline } : {}),
  };
}

/** Where `--with` would look without any other flag; `null` where there is none. */
export interface PackageSources {
  readonly wheels: string | null;
  /** Without what it may hold of a name and a password. */
  readonly index: string | null;
}

export async function findPackageSources({
  cwd,
  env,
}: Pick<Terminal, 'cwd' | 'env'>): Promise<PackageSources> {
  const folder = given(env.SANDGLASS_WHEELS);
  const named = given(env.SANDGLASS_INDEX);
  const index = named ?? (folder === undefined ? await findPipIndex(env) : undefined);
  return {
    wheels: folder === undefined ? null : resolve(cwd, folder),
    index: index === undefined ? null : withoutCredentials(index),
  };
}

function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.username === '' && url.password === '') return address;
  url.username = '';
  url.password = '';
  return url.href;
}

const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
