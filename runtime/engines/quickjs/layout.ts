import { LAYOUT_SECTION, LAYOUT_VERSION, type Layout } from './abi.ts';

/** Compiled engine → its layout; a module never changes. */
const known = new WeakMap<WebAssembly.Module, Layout>();

/** @throws {Error} when the module is not the engine that this code belongs to: a broken build. */
export function layoutOf(module: WebAssembly.Module): Layout {
  const cached = known.get(module);
  if (cached !== undefined) return cached;
  const [section] = WebAssembly.Module.customSections(module, LAYOUT_SECTION);
  if (section === undefined)
    throw new Error('Cannot start QuickJS: the module has no layout; build it with build-quickjs');
  const layout = JSON.parse(new TextDecoder().decode(section)) as Layout; // our own build wrote it
  if (layout.version !== LAYOUT_VERSION) {
    throw new Error(
      `Cannot start QuickJS: the module's layout is version ${layout.version}, not ${LAYOUT_VERSION}; build it anew with build-quickjs`,
    );
  }
  known.set(module, layout);
  return layout;
}
