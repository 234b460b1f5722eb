import type { LoadModule } from './platform.ts';

/** Loads an engine from where it is served, or takes one that was compiled already. Only inline cells use it, so there are no bytes to send. */
export const loadWasm =
  (source: URL | WebAssembly.Module): LoadModule =>
  async () => ({
    module: source instanceof WebAssembly.Module ? source : await WebAssembly.compileStreaming(fetch(source)),
    bytes: new Uint8Array(),
  });
