declare module '*.wasm' {
  const module: WebAssembly.Module;

  // biome-ignore lint/style/noDefaultExport: what workerd makes of an import of a .wasm
  export { module as default };
}
