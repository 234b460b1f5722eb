import type { Program } from './program.ts';

/**
 * Names by which a program reaches the library: Node's globals and modules, and what the web has beyond the prelude. A program that writes
 * none of them starts without it. `eval` and `Function` are among them because the text they compile is not known.
 */
const NAMES =
  /\b(?:import|export|require|module|exports|process|Buffer|global|__filename|__dirname|eval|Function|Intl|toLocale\w*|localeCompare|unref|hasRef|refresh|subtle|TextDecoder|formData|\w*Stream|SuppressedError|any|AsyncDisposableStack|Console|pipeT\w+|fromAsync|\w*[Bb]ase64|\w*[Hh]ex|sumPrecise|toBuffer|DisposableStack|asyncDispose|dispose|using|Temporal|Atomics|blob|createObjectURL|navigator|BroadcastChannel|MessageChannel|MessagePort|MessageEvent|ErrorEvent|URLPattern|Storage|localStorage|PerformanceObserver|reportError|scheduler|getEntries\w*|measure|clearMarks|(?:context|ctx)\.source|JSON\.rawJSON)\b/;

/** Whether the library is put under a program. It costs a copy of some megabytes, so most programs go without. */
export const wantsLibrary = ({ code, modules }: Program): boolean =>
  Object.keys(modules).length > 0 || NAMES.test(code);
