import { LIBRARY_SECTION } from './abi.ts';

interface Stretch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Compiled engine → what the library adds; a module never changes. */
const known = new WeakMap<WebAssembly.Module, readonly Stretch[]>();

/** Puts the library into the memory of an instance that nothing has run in yet. */
export function addLibrary(module: WebAssembly.Module, memory: Uint8Array): void {
  let stretches = known.get(module);
  if (stretches === undefined) {
    stretches = readStretches(module);
    known.set(module, stretches);
  }
  for (const { at, bytes } of stretches) memory.set(bytes, at);
}

function readStretches(module: WebAssembly.Module): readonly Stretch[] {
  const [section] = WebAssembly.Module.customSections(module, LIBRARY_SECTION);
  if (section === undefined)
    throw new Error('Cannot start QuickJS: the module has no library; build it with build-quickjs');
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
