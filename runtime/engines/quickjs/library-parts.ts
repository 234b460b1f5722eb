import { PARTS_SECTION } from './abi.ts';

const known = new WeakMap<WebAssembly.Module, Readonly<Record<string, string>>>();

/** The text of a part of the library that is compiled only in a guest that names it; `undefined` for a name that is none. */
export function partText(module: WebAssembly.Module, name: string): string | undefined {
  let parts = known.get(module);
  if (parts === undefined) {
    const [section] = WebAssembly.Module.customSections(module, PARTS_SECTION);
    parts =
      section === undefined ? {} : (JSON.parse(new TextDecoder().decode(section)) as Record<string, string>); // our own build wrote it
    known.set(module, parts);
  }
  return Object.hasOwn(parts, name) ? parts[name] : undefined;
}
