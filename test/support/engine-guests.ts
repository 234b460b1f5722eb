import type {
  CellGuest,
  Engine,
  GuestSource,
  PrepareContext,
  PreparedGuest,
  ScriptSource,
  WasmSource,
} from '../../runtime/contracts/engine.ts';
import { type Limits, mergeLimits } from '../../runtime/vocabulary/limits.ts';

/** The source of a script, as an engine gets it. */
export const script = (
  language: string,
  code: string,
  more: Partial<Omit<ScriptSource, 'kind' | 'language' | 'code'>> = {},
): ScriptSource => ({
  kind: 'script',
  language,
  code,
  filename: 'main',
  modules: {},
  form: 'auto',
  ...more,
});

/** The source of a module. */
export async function wasm(bytes: Uint8Array<ArrayBuffer>, name = 'module.wasm'): Promise<WasmSource> {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return { kind: 'wasm', bytes, hash: Buffer.from(digest).toString('hex'), name };
}

/** Prepares a source and gives the cell's half, as a cell in another thread would see it: cloned, modules compiled. */
export async function prepareGuest(
  engine: Engine,
  source: GuestSource,
  limits: Limits = mergeLimits([], { memoryBytes: engine.memoryBytes }),
  more: Partial<PrepareContext> = {},
): Promise<CellGuest> {
  const prepared: PreparedGuest = await engine.prepare(source, {
    limits,
    compile: (bytes) => WebAssembly.compile(bytes),
    ...more,
  });
  const modules = Object.fromEntries(
    Object.entries(prepared.modules).map(([name, { module }]) => [name, module]),
  );
  return prepared.local === undefined
    ? { data: structuredClone(prepared.data), modules }
    : { data: prepared.data, modules, local: prepared.local };
}
