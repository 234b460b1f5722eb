import type { CellGuest, GuestResult } from '../../runtime/contracts/engine.ts';

/** Stands for a guest that has broken out of its wasm and owns the realm of its cell: its code is JavaScript run right there. */
export async function execute(guest: CellGuest): Promise<GuestResult> {
  const url = `data:text/javascript,${encodeURIComponent(String(guest.data))}`;
  const { attack } = (await import(url)) as { readonly attack: () => unknown }; // each attack exports this one function
  const value = await Promise.resolve()
    .then(attack)
    .catch(
      (error: unknown) =>
        `refused: ${error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : 'threw'}`,
    );
  return { kind: 'value', value: value as null, memoryBytes: 0, fuel: null, growthRefused: false }; // attacks answer JSON
}
