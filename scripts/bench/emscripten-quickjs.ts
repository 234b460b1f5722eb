import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant, newVariant } from 'quickjs-emscripten-core';

const require = createRequire(import.meta.url);

/** The published binary of QuickJS, as its package has it. */
export const publishedQuickjs = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(require.resolve('@jitl/quickjs-wasmfile-release-sync/wasm')));

/**
 * QuickJS from any rewriting of its binary.
 * @param onInstance Sees the instance before anything runs, and answers the exports that the glue shall use.
 * @returns A function that evaluates a script and answers its value as text.
 */
export async function openQuickjs(
  bytes: Uint8Array<ArrayBuffer>,
  onInstance: (instance: WebAssembly.Instance) => WebAssembly.Exports,
): Promise<(code: string) => string> {
  const module = new WebAssembly.Module(bytes);
  const instantiateWasm = (
    imports: WebAssembly.Imports,
    done: (instance: { exports: WebAssembly.Exports }, module: WebAssembly.Module) => void,
  ): WebAssembly.Exports => {
    const exports = onInstance(new WebAssembly.Instance(module, imports));
    done({ exports }, module);
    return exports;
  };
  // The glue takes such a hook, and a memory with a cap; its types do not name the first.
  const emscriptenModule = {
    instantiateWasm,
    wasmMemory: new WebAssembly.Memory({ initial: 256, maximum: 2048 }),
  } as unknown as NonNullable<Parameters<typeof newVariant>[1]>['emscriptenModule'] & object;
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(variant, { emscriptenModule }));
  const context = quickjs.newContext();
  return (code) => {
    const value = context.unwrapResult(context.evalCode(code));
    const text = context.getString(value);
    value.dispose();
    return text;
  };
}
