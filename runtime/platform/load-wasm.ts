import type { LoadModule } from '../contracts/platform.ts';
import { SandglassError } from '../vocabulary/errors.ts';

/**
 * Loads an engine from where it is served, or takes one that was compiled already. Only inline cells use it, so there are no bytes to send.
 * What it answers throws INTERNAL, naming the file, when that is not served, not whole or no wasm.
 */
export const loadWasm =
  (source: URL | WebAssembly.Module): LoadModule =>
  async () => ({
    module: source instanceof WebAssembly.Module ? source : await compile(source),
    bytes: new Uint8Array(),
  });

async function compile(source: URL): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compileStreaming(fetch(source));
  } catch (cause) {
    const file = source.pathname.slice(source.pathname.lastIndexOf('/') + 1);
    throw new SandglassError('INTERNAL', `Cannot start an engine: ${file} cannot be loaded`, {
      details: { file },
      hint: 'Serve the file of the package, sandglass/quickjs.wasm, as application/wasm, or pass it compiled as wasm.quickjs',
      cause,
    });
  }
}
