/**
 * Operations on WebAssembly objects that may come from a guest's own realm, where their prototypes can be changed. Ours, taken when
 * this file loads, work on the objects themselves.
 */

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

const getterOf = (prototype: object, name: string): Method => {
  const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  if (getter === undefined) throw new TypeError(`Cannot meter: this platform has no ${name}`);
  return getter;
};
const setterOf = (prototype: object, name: string): Method => {
  const setter = Object.getOwnPropertyDescriptor(prototype, name)?.set;
  if (setter === undefined) throw new TypeError(`Cannot meter: this platform cannot set ${name}`);
  return setter;
};

const { apply } = Reflect;
const instanceExports = getterOf(WebAssembly.Instance.prototype, 'exports');
const globalGet = getterOf(WebAssembly.Global.prototype, 'value');
const memoryBuffer = getterOf(WebAssembly.Memory.prototype, 'buffer');
const memoryGrow = WebAssembly.Memory.prototype.grow;
const globalSet = setterOf(WebAssembly.Global.prototype, 'value');
const tableSet = WebAssembly.Table.prototype.set;

export const exportsOf = (instance: WebAssembly.Instance): WebAssembly.Exports =>
  apply(instanceExports, instance, []) as WebAssembly.Exports; // what the standard getter answers

/** The buffer of a memory that is not shared. */
export const memoryBufferOf = (memory: WebAssembly.Memory): ArrayBuffer =>
  apply(memoryBuffer, memory, []) as ArrayBuffer; // what the standard getter answers

/** Takes a memory's bytes away from whoever holds views of them: those are empty from now on, and its buffer is another one. */
export const detachViews = (memory: WebAssembly.Memory): void => {
  apply(memoryGrow, memory, [0]);
};

/** The value of an i32 or i64 global as a number. */
export const readGlobal = (global: WebAssembly.Global): number => Number(apply(globalGet, global, []));

export const clearI32 = (global: WebAssembly.Global): void => {
  apply(globalSet, global, [0]);
};

export const writeI64 = (global: WebAssembly.Global, value: number): void => {
  apply(globalSet, global, [BigInt(value)]);
};

export const setTableSlot = (table: WebAssembly.Table, slot: number, value: object | null): void => {
  apply(tableSet, table, [slot, value]);
};
