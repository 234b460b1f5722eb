// Compresses a module for the package, and says what it was built from: node pack.mjs FILE.wasm NAME 'BUILT FROM'
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

const [file, name, from] = process.argv.slice(2);
const bytes = readFileSync(file);
const packed = brotliCompressSync(bytes, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
  },
});
const about = {
  module: `${name}.wasm`,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.byteLength,
  from,
};
writeFileSync(join(process.cwd(), `${name}.wasm.br`), packed);
writeFileSync(join(process.cwd(), `${name}.json`), `${JSON.stringify(about, null, 2)}\n`);
console.log(`${basename(file)}: ${bytes.byteLength} bytes, ${packed.byteLength} packed`);
