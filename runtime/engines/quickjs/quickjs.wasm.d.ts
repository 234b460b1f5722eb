/** The engine for JavaScript guests, as platforms and bundlers give a `.wasm` that is imported. */
declare const quickjs: WebAssembly.Module;
// biome-ignore lint/style/noDefaultExport: that is what importing a .wasm gives
export default quickjs;
