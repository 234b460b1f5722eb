import type { CellGuest } from '../contracts/engine.ts';
import type { GuestMessage, GuestParts } from './protocol.ts';

/**
 * The cell's half of `createSentGuests`.
 * @param shared What the cell was warmed with.
 */
export function createKeptGuests(
  shared: () => CellGuest | undefined,
): (message: GuestMessage) => Promise<CellGuest> {
  const kept = new Map<number, CellGuest>();
  return async ({ parts, keep, drop }) => {
    if (drop !== undefined) kept.delete(drop);
    const known = parts === undefined && keep !== undefined ? kept.get(keep) : undefined;
    if (known !== undefined) return known;
    if (parts === undefined) throw new Error('the cell was told of a guest that it does not have');
    const guest = await received(parts, shared());
    if (keep !== undefined) kept.set(keep, guest);
    return guest;
  };
}

export async function received(parts: GuestParts, shared?: CellGuest): Promise<CellGuest> {
  const modules: Record<string, WebAssembly.Module> = {};
  for (const name of parts.shared ?? []) {
    const module = shared?.modules[name];
    if (module === undefined) throw new Error('the cell was told of a module that it does not have');
    modules[name] = module;
  }
  for (const [name, module] of Object.entries(parts.modules)) {
    modules[name] = module instanceof Uint8Array ? await WebAssembly.compile(module) : module;
  }
  return { data: parts.data, modules };
}
