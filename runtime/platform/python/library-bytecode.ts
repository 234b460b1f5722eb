import type { PrepareContext } from '../../contracts/engine.ts';
import { shareBytes } from '../../engines/pyodide/assets.ts';
import type { LibraryModule } from '../../engines/pyodide/library.ts';
import { PRELOADED } from '../../engines/pyodide/preloaded.ts';
import { MIB } from '../../vocabulary/units.ts';
import { pathsInZip } from './packages/unzip.ts';
import { framesIn } from './pyodide-bytecode.ts';

const CAPS = { maxBytes: 256 * MIB, maxEntries: 10_000 };

interface Kept {
  /** Absent: there is nothing to compile, or it cannot be. */
  readonly code: Uint8Array | undefined;
  /** What it imports when it is loaded, of the library. */
  readonly needs: readonly string[];
}

export interface LibraryOptions {
  /** The archive that the interpreter imports from. */
  readonly stdlib: Uint8Array;
  /** All that the bytecode depends on: where the cache has it. */
  readonly key: string;
  readonly cache: PrepareContext['cache'];
  /** Compiles these modules and what they need, in a guest of our own; answers frames. */
  readonly compile: (names: readonly string[]) => Promise<Uint8Array>;
}

/**
 * Bytecode of the standard library by module: made once and cached, of the library alone. What guests do has no part in it: they choose which
 * modules of the library are compiled, never from what.
 */
export function keepLibrary(
  options: LibraryOptions,
): (names: readonly string[]) => Promise<readonly LibraryModule[]> {
  const { stdlib, key, cache, compile } = options;
  const kept = new Map<string, Kept>();
  let known: ReadonlySet<string> | undefined;
  /** One at a time: what the one before has compiled is there for the next. */
  let last: Promise<unknown> = Promise.resolve();

  const isWanted = (name: string): boolean => {
    known ??= new Set(pathsInZip(stdlib, 'the standard library', CAPS).flatMap(moduleAt));
    return known.has(name) && !PRELOADED.has(name);
  };
  const keyOf = (name: string): string => `pyodide-library/${key}/${name}`;
  const take = (frame: Uint8Array): string | undefined => {
    const [first] = framesIn(frame);
    if (first === undefined) return undefined;
    const [name = '', ...needs] = first.name.split(' ');
    kept.set(name, {
      code: first.bytes.length === 0 ? undefined : shareBytes(first.bytes),
      needs: needs.filter(isWanted),
    });
    return name;
  };
  /** Of the names and of all that they need: what has been compiled, and what has not. */
  const closureOf = async (
    names: readonly string[],
  ): Promise<{ found: LibraryModule[]; missing: string[] }> => {
    const found: LibraryModule[] = [];
    const missing: string[] = [];
    const wanted = new Set(names);
    for (const name of wanted) {
      if (!kept.has(name)) {
        const cached = await cache?.get(keyOf(name));
        if (cached !== undefined) take(cached);
      }
      const there = kept.get(name);
      if (there === undefined) missing.push(name);
      else if (there.code !== undefined) found.push({ name, code: there.code });
      for (const need of there?.needs ?? []) wanted.add(need);
    }
    return { found, missing };
  };
  const compileMissing = async (names: readonly string[]): Promise<readonly LibraryModule[]> => {
    const { found, missing } = await closureOf(names);
    if (missing.length === 0) return found;
    for (const name of missing) kept.set(name, { code: undefined, needs: [] }); // what does not compile is not tried again
    for (const { whole } of framesIn(await compile(missing))) {
      const name = take(whole);
      if (name !== undefined) await cache?.set(keyOf(name), new Uint8Array(whole));
    }
    return (await closureOf(names)).found;
  };

  return async (names) => {
    const wanted = names.filter(isWanted);
    if (wanted.length === 0) return [];
    const { found, missing } = await closureOf(wanted);
    if (missing.length === 0) return found;
    const coming = last.then(() => compileMissing(wanted));
    last = coming.catch(() => undefined);
    return coming.catch(() => []); // then each run compiles what it imports
  };
}

/** The name of the module that a file of the archive is. */
function moduleAt(path: string): readonly string[] {
  if (!path.endsWith('.py')) return [];
  return [path.slice(0, -'.py'.length).replaceAll('/', '.').replace('.__init__', '')];
}
