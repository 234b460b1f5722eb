import { IMAGE_SECTION, LIBRARY_SECTION } from './abi.ts';

interface Stretch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Compiled engine → what its two sections hold; a module never changes. */
const known = new WeakMap<WebAssembly.Module, Map<string, readonly Stretch[]>>();

/**
 * Puts the snapshot into memory that is zero throughout: runtime, context and evaluated prelude, as every guest finds them.
 * @param library With what Node and the web have beyond the prelude.
 */
export function writeImage(module: WebAssembly.Module, memory: Uint8Array, library: boolean): void {
  for (const { at, bytes } of stretchesOf(module, IMAGE_SECTION)) memory.set(bytes, at);
  if (library) for (const { at, bytes } of stretchesOf(module, LIBRARY_SECTION)) memory.set(bytes, at);
}

function stretchesOf(module: WebAssembly.Module, name: string): readonly Stretch[] {
  let sections = known.get(module);
  if (sections === undefined) {
    sections = new Map();
    known.set(module, sections);
  }
  const read = sections.get(name) ?? readStretches(module, name);
  sections.set(name, read);
  return read;
}

function readStretches(module: WebAssembly.Module, name: string): readonly Stretch[] {
  const [section] = WebAssembly.Module.customSections(module, name);
  if (section === undefined)
    throw new Error(`Cannot start QuickJS: the module has no ${name}; build it with build-quickjs`);
  const view = new DataView(section);
  const count = view.getUint32(0, true);
  let from = 4 + 8 * count;
  return Array.from({ length: count }, (_, index) => {
    const at = view.getUint32(4 + 8 * index, true);
    const length = view.getUint32(8 + 8 * index, true);
    const bytes = new Uint8Array(section, from, length);
    from += length;
    return { at, bytes };
  });
}
