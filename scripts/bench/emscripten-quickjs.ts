import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant, newVariant } from 'quickjs-emscripten-core';

const require = createRequire(import.meta.url);

/** The published binary of QuickJS, as its package has it. */
export const publishedQuickjs = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(require.resolve('@jitl/quickjs-wasmfile-release-sync/wasm')));

/** The letters of the binary's imports that read the environment (`scripts/quickjs/reshape.ts` has them all). */
const ENVIRON_GET = 'e';
const ENVIRON_SIZES = 'f';

/**
 * QuickJS from any rewriting of its binary. It sees no environment: the package's loader would put the path of the running program and the
 * host's language in it, which the engine copies into its heap, so that counts would differ from one folder to the next.
 * @param onInstance Sees the instance before anything runs, and answers the exports that the glue shall use.
 * @returns A function that evaluates a script and answers its value as text.
 */
export async function openQuickjs(
  bytes: Uint8Array<ArrayBuffer>,
  onInstance: (instance: WebAssembly.Instance) => WebAssembly.Exports,
): Promise<(code: string) => string> {
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 2048 });
  const withoutEnvironment = ({ a }: WebAssembly.Imports): WebAssembly.Imports => ({
    a: {
      ...a,
      [ENVIRON_GET]: () => 0,
      [ENVIRON_SIZES]: (count: number, size: number) => {
        const view = new DataView(memory.buffer);
        view.setUint32(count, 0, true);
        view.setUint32(size, 0, true);
        return 0;
      },
    },
  });
  const instantiateWasm = (
    imports: WebAssembly.Imports,
    done: (instance: { exports: WebAssembly.Exports }, module: WebAssembly.Module) => void,
  ): WebAssembly.Exports => {
    const exports = onInstance(new WebAssembly.Instance(module, withoutEnvironment(imports)));
    done({ exports }, module);
    return exports;
  };
  // The glue takes such a hook, and a memory with a cap; its types do not name the first.
  const emscriptenModule = {
    instantiateWasm,
    wasmMemory: memory,
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
