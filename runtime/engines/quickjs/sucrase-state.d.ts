/** Where the type remover stands in a text. A module of the package's own; built, it is bundled with the rest of it. */
declare module 'sucrase/dist/parser/tokenizer/state.js' {
  interface State {
    readonly pos: number;
    readonly error: unknown;
    restoreFromSnapshot(snapshot: { readonly pos: number }): void;
  }
  interface StateClass {
    readonly prototype: State;
  }
  /** Node gives the whole of a CommonJS module, a bundler what it names `default`. */
  const exported: StateClass | { readonly default: StateClass };
  export = exported;
}
