import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import variant from '@jitl/quickjs-wasmfile-release-sync';
import { newQuickJSWASMModuleFromVariant, newVariant } from 'quickjs-emscripten-core';
import type { Peer } from './peer.ts';

/**
 * The same engine with nothing around it: compiled once, then a fresh wasm instance with a memory of its own, a runtime, a context and one
 * evaluation. No grant, no meter, no output, no deadline.
 */
export const rawQuickjs = (code: string): Peer => ({
  name: 'raw quickjs-emscripten: fresh instance + eval',
  open: async () => {
    const path = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');
    const wasmModule = await WebAssembly.compile(new Uint8Array(await readFile(path)));
    return {
      name: 'raw quickjs-emscripten: fresh instance + eval',
      once: async () => {
        const quickjs = await newQuickJSWASMModuleFromVariant(
          newVariant(variant, {
            wasmModule,
            wasmMemory: new WebAssembly.Memory({ initial: 256, maximum: 1024 }),
          }),
        );
        const context = quickjs.newRuntime().newContext();
        context.dump(context.unwrapResult(context.evalCode(code)));
        return undefined;
      },
    };
  },
});
