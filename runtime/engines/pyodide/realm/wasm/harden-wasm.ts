import type { InstanceGuard } from './guard-instances.ts';

/**
 * Runs inside the guest's realm; see `bootRealm`. Whoever asks for the constructors of WebAssembly from now on gets ones that compile and
 * instantiate only what is approved.
 * @param stand What the glue has for the interpreter's module.
 * @returns Call it once the interpreter is up: what only its start needs is refused from then on.
 */
export function hardenWasm(
  module: WebAssembly.Module,
  stand: WebAssembly.Module,
  { approvedModule, approvedInstance }: InstanceGuard,
): () => void {
  const { apply, defineProperty } = Reflect;
  const Failure = Error;
  const Range = RangeError;
  const promiseThen = Promise.prototype.then;
  const { Memory, Table, Instance, Module } = WebAssembly;
  const sectionsOf = Module.customSections;
  /** Calls into Python that have not ended. One that waits holds a stack, which is not part of any memory that is counted. */
  let stacks = 0;
  const MAX_STACKS = 16;
  let sealed = false;
  const leaveStack = (): void => {
    stacks -= 1;
  };
  const refused = (): never => {
    throw new Failure('not allowed here');
  };
  const wasm = WebAssembly as unknown as Record<string, unknown>; // its members are replaced by what may be used of them
  const stands = (name: string, replacement: { prototype: unknown }, prototype: object): void => {
    replacement.prototype = prototype;
    wasm[name] = replacement;
    defineProperty(prototype, 'constructor', { value: replacement });
  };
  const customSections = (of: unknown, name: unknown): ArrayBuffer[] =>
    apply(sectionsOf, undefined, [of === stand ? module : of, name]) as ArrayBuffer[];
  stands('Module', Object.assign(approvedModule, { customSections }), Module.prototype);
  stands('Instance', approvedInstance, Instance.prototype);
  const memoryUntilSealed = function (
    this: unknown,
    descriptor: WebAssembly.MemoryDescriptor,
  ): WebAssembly.Memory {
    return sealed ? refused() : new Memory(descriptor);
  };
  stands('Memory', memoryUntilSealed, Memory.prototype);
  const tableUntilSealed = function (
    this: unknown,
    descriptor: WebAssembly.TableDescriptor,
  ): WebAssembly.Table {
    return sealed ? refused() : new Table(descriptor);
  };
  stands('Table', tableUntilSealed, Table.prototype);
  const Approved = wasm.Module as new (bytes: Uint8Array) => WebAssembly.Module; // set just above
  const Started = wasm.Instance as new (of: WebAssembly.Module, imports: object) => WebAssembly.Instance;
  wasm.compile = async (bytes: Uint8Array) => new Approved(bytes);
  wasm.instantiate = async (source: Uint8Array | WebAssembly.Module, imports: object = {}) => {
    if (source instanceof Module) return new Started(source, imports);
    const compiled = new Approved(source);
    return { module: compiled, instance: new Started(compiled, imports) };
  };
  for (const name of ['compileStreaming', 'instantiateStreaming', 'validate']) wasm[name] = refused;
  const promising = wasm.promising as (entry: unknown) => (...args: unknown[]) => Promise<unknown>; // JSPI, which every Node of ours has
  wasm.promising = (entry: unknown) => {
    const enter = promising(entry);
    return (...args: unknown[]): Promise<unknown> => {
      if (stacks >= MAX_STACKS) throw new Range('too many suspended calls');
      const left = apply(enter, undefined, args) as Promise<unknown>; // a function made by `promising` answers one
      stacks += 1;
      apply(promiseThen, left, [leaveStack, leaveStack]);
      return left;
    };
  };
  return () => {
    sealed = true;
  };
}
