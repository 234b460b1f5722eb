/** A pointer to a QuickJS value in the guest's memory. */
export type Pointer = number;

/** The functions of the instance; every one may trap. */
export interface QuickjsExports {
  readonly construct: () => void;
  readonly malloc: (bytes: number) => number;
  readonly free: (pointer: number) => void;
  readonly QTS_NewRuntime: () => number;
  readonly QTS_NewContext: (runtime: number, intrinsics: number) => number;
  readonly QTS_RuntimeSetMaxStackSize: (runtime: number, bytes: number) => void;
  readonly QTS_RuntimeEnableInterruptHandler: (runtime: number) => void;
  readonly QTS_RuntimeEnableModuleLoader: (runtime: number, normalize: number) => void;
  readonly QTS_NewFunction: (
    context: number,
    name: number,
    length: number,
    isConstructor: number,
    ref: number,
  ) => Pointer;
  readonly QTS_NewObject: (context: number) => Pointer;
  readonly QTS_NewString: (context: number, text: number) => Pointer;
  readonly QTS_NewFloat64: (context: number, value: number) => Pointer;
  readonly QTS_NewArrayBuffer: (context: number, bytes: number, length: number) => Pointer;
  readonly QTS_GetString: (context: number, value: Pointer) => number;
  readonly QTS_GetFloat64: (context: number, value: Pointer) => number;
  readonly QTS_GetArrayBuffer: (context: number, value: Pointer) => number;
  readonly QTS_GetArrayBufferLength: (context: number, value: Pointer) => number;
  readonly QTS_GetProp: (context: number, object: Pointer, name: Pointer) => Pointer;
  readonly QTS_SetProp: (context: number, object: Pointer, name: Pointer, value: Pointer) => void;
  readonly QTS_Call: (context: number, fn: Pointer, self: Pointer, count: number, args: number) => Pointer;
  readonly QTS_Eval: (
    context: number,
    code: number,
    length: number,
    filename: number,
    detectModule: number,
    flags: number,
  ) => Pointer;
  readonly QTS_ResolveException: (context: number, value: Pointer) => Pointer;
  readonly QTS_Throw: (context: number, error: Pointer) => Pointer;
  readonly QTS_GetUndefined: () => Pointer;
  readonly QTS_DupValuePointer: (context: number, value: Pointer) => Pointer;
  readonly QTS_FreeValuePointer: (context: number, value: Pointer) => void;
  readonly QTS_FreeCString: (context: number, text: number) => void;
  readonly QTS_FreeVoidPointer: (context: number, pointer: number) => void;
  readonly QTS_ExecutePendingJob: (runtime: number, most: number, context: number) => Pointer;
  readonly QTS_IsJobPending: (runtime: number) => number;
  readonly QTS_PromiseState: (context: number, promise: Pointer) => number;
  readonly QTS_PromiseResult: (context: number, promise: Pointer) => Pointer;
  /** Where its own stack stands: a balance of all calls that came back. */
  readonly stackPointer: WebAssembly.Global;
}
