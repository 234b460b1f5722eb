import { guardComponent } from './guard-component.ts';
import { guardModule } from './guard-module.ts';
import { type GuardOptions, guardLimits } from './guard-options.ts';
import { type BinaryKind, readPreamble } from './preamble.ts';

export type { GuardOptions } from './guard-options.ts';

/** What the guard learnt on its way through a binary. */
export interface GuardedBinary {
  readonly kind: BinaryKind;
  /** Core modules in a component; 1 for a module. */
  readonly coreModules: number;
  /** Memories that they define, and pages of 64 KiB that those start with. */
  readonly memories: number;
  readonly minimumPages: number;
  /** It is a module that allocates on the collected heap: see `holdsHeap`. */
  readonly collected: boolean;
}

/**
 * The first look at untrusted bytes: nothing else may be done with them before. Reads every section header, every name that a code
 * generator might write down, every size that an engine would allocate; function bodies are left to `instrument` and the engine.
 *
 * Refuses with a reason: what is not WebAssembly, what is cut off or lies about its lengths, names that could become code, names that
 * are ours, shared memory, memory of 64 bits, memories and tables that start too large, components nested too deep or repeated too
 * often. Takes time in proportion to the names, not to the size.
 *
 * @throws {SandglassError} MODULE_INVALID.
 */
export function guardBinary(bytes: Uint8Array, options: GuardOptions = {}): GuardedBinary {
  const limits = guardLimits(options);
  const kind = readPreamble(bytes);
  if (kind === 'component') {
    const { modules, memories, minimumPages } = guardComponent(bytes, limits);
    return { kind, coreModules: modules, memories, minimumPages, collected: false };
  }
  const { memories, imported, holdsHeap } = guardModule(bytes, limits);
  const defined = memories.slice(imported.memory);
  const minimumPages = defined.reduce((sum, { minimum }) => sum + minimum, 0);
  return { kind, coreModules: 1, memories: defined.length, minimumPages, collected: holdsHeap };
}
