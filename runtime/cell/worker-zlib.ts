import type { Compress } from '../contracts/engine.ts';

// Asked for before any guest begins. Not imported: a cell without a guest that compresses has no use for it.
const { process } = globalThis;

type Zlib = typeof import('node:zlib');

const zlib = (): Partial<Zlib> => process.getBuiltinModule('node:zlib');

/** Brotli and zstd by the platform's own zlib; zstd is not in each that has one. */
export const compressByZlib: Compress = (format, bytes, params) => {
  const { brotliCompressSync, zstdCompressSync } = zlib();
  const run = format === 'brotli' ? brotliCompressSync : zstdCompressSync;
  if (run === undefined) return undefined;
  return new Uint8Array(run(bytes, { params }));
};
