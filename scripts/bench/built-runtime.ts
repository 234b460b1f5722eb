import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { createRuntime, Runtime, RuntimeOptions } from '../../runtime/index.ts';

const BUILT = join(import.meta.dirname, '../../dist/runtime/index.js');

/** The runtime as it is published: a cell loads one file, and nothing is stripped of its types. `undefined`: it was not built. */
export async function builtRuntime(options?: RuntimeOptions): Promise<Runtime | undefined> {
  if (!existsSync(BUILT)) return undefined;
  const built = (await import(BUILT)) as { readonly createRuntime: typeof createRuntime }; // the same sources, built
  return built.createRuntime(options);
}
