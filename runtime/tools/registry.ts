import type { ToolRegistry } from '../contracts/api/tool-registry.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { shownText } from '../vocabulary/nearest.ts';
import type { Tool } from './tool.ts';

/** Tools kept at once in one registry. */
const MOST_TOOLS = 10_000;

/** The tools of one runtime, or of several that share them. */
export interface ToolStore extends ToolRegistry {
  readonly version: number;
  readonly size: number;
  /** @throws {SandglassError} MANIFEST_INVALID when one of its names is taken. */
  add(tool: Tool, replace: boolean): void;
  /** By its main name only. */
  remove(name: string): boolean;
  /** By name or alias. */
  find(name: string): Tool | undefined;
  /** In order of name. */
  all(): readonly Tool[];
  /** Those of one file. */
  from(at: string): readonly Tool[];
  /** All names and aliases. */
  names(): readonly string[];
  /** Adds tools later: `load` is called before the registry is first asked or changed. */
  onFirstUse(load: () => void): void;
  /** Told after tools came or went. The answer takes the listener back. */
  onChange(listener: () => void): () => void;
}

const stores = new WeakSet<object>();

/**
 * A registry that several runtimes can be given, `createRuntime({ tools: { registry } })`: a tool registered with one is there for all, each with its
 * own policy.
 * @throws {TypeError} on options, of which it has none.
 */
export function createToolRegistry(...options: readonly never[]): ToolRegistry {
  if (options.length > 0) throw new TypeError('Cannot create a registry of tools: it takes no options');
  return createToolStore();
}

/** @throws {TypeError} on anything that `createToolRegistry` did not make. */
export function storeOf(registry: ToolRegistry): ToolStore {
  if (typeof registry === 'object' && registry !== null && stores.has(registry)) return registry as ToolStore; // it made it
  throw new TypeError('Cannot create a runtime: tools.registry is not what createToolRegistry gives');
}

export function createToolStore(): ToolStore {
  const tools = new Map<string, Tool>();
  /** Alias → main name. */
  const aliases = new Map<string, string>();
  /** Place of a file → names of its tools. */
  const byFile = new Map<string, Set<string>>();
  let version = 0;
  let sorted: readonly Tool[] | undefined;

  let waiting: readonly (() => void)[] = [];
  const listeners = new Set<() => void>();
  /** What comes with the first use was there for whoever uses it. */
  let isWaking = false;

  const wake = (): void => {
    if (waiting.length === 0) return;
    const loads = waiting;
    waiting = [];
    isWaking = true;
    try {
      for (const load of loads) load();
    } finally {
      isWaking = false;
    }
  };
  const changed = (): void => {
    version += 1;
    sorted = undefined;
    if (!isWaking) for (const listener of [...listeners]) listener();
  };
  const drop = (name: string): boolean => {
    const tool = tools.get(name);
    if (tool === undefined) return false;
    for (const alias of tool.manifest.aliases) aliases.delete(alias);
    tools.delete(name);
    if (tool.at !== undefined) byFile.get(tool.at)?.delete(name);
    changed();
    return true;
  };
  const store: ToolStore = {
    get version() {
      wake();
      return version;
    },
    get size() {
      wake();
      return tools.size;
    },
    add(tool, replace) {
      wake();
      const { name, aliases: also } = tool.manifest;
      for (const word of [name, ...also]) {
        const owner = tools.has(word) ? word : aliases.get(word);
        if (owner !== undefined && !(owner === name && (replace || isSameFile(tools.get(owner), tool))))
          throw taken(name, word, owner);
      }
      if (tools.size >= MOST_TOOLS)
        throw new SandglassError(
          'MANIFEST_INVALID',
          `Cannot register the tool ${shownText(name)}: there are ${MOST_TOOLS} already`,
        );
      drop(name);
      tools.set(name, tool);
      for (const alias of also) aliases.set(alias, name);
      if (tool.at !== undefined) byFile.set(tool.at, (byFile.get(tool.at) ?? new Set()).add(name));
      changed();
    },
    remove(name) {
      wake();
      return drop(name);
    },
    find(name) {
      wake();
      return tools.get(name) ?? tools.get(aliases.get(name) ?? '');
    },
    all() {
      wake();
      sorted ??= [...tools.values()].sort((one, other) => (one.manifest.name < other.manifest.name ? -1 : 1));
      return sorted;
    },
    from(at) {
      wake();
      const names = byFile.get(at);
      return names === undefined ? [] : [...names].flatMap((name) => tools.get(name) ?? []);
    },
    names() {
      wake();
      return [...tools.keys(), ...aliases.keys()];
    },
    onFirstUse(load) {
      waiting = [...waiting, load];
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  stores.add(store);
  return store;
}

/** A file that is read again brings its own tool anew. */
const isSameFile = (one: Tool | undefined, other: Tool): boolean =>
  other.at !== undefined && one?.at === other.at;

function taken(name: string, word: string, owner: string): SandglassError {
  const what = word === owner ? '' : `, as an alias of ${shownText(owner)}`;
  return new SandglassError(
    'MANIFEST_INVALID',
    `Cannot register the tool ${shownText(name)}: ${shownText(word)} is already registered${what}`,
    {
      details: { field: word === name ? 'name' : 'aliases', name: word },
      hint: 'Choose another name, or pass { replace: true }',
    },
  );
}
