/** Compiles in its own thread: a worker's, where the threads that compile for everybody are taken. */
export const job = (input: unknown): WebAssembly.Module =>
  new WebAssembly.Module(input as Uint8Array<ArrayBuffer>); // only `compileFairly` sends this job
