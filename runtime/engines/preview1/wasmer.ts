/** What is used of `@wasmer/wasi`. Built, this file is a bundle: users do not install the package, of which it is a tenth. */
export { init, MemFS, WASI } from '@wasmer/wasi';
