import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { main } from 'assemblyscript/asc';

/** Compiles the preview1 module of the demo; about a second. */
export async function compileChart(): Promise<Uint8Array> {
  const source = await readFile(join(import.meta.dirname, 'chart.as'), 'utf8');
  const written = new Map<string, Uint8Array>();
  const { error, stderr } = await main(
    ['chart.ts', '--outFile', 'chart.wasm', '--runtime', 'stub', '--optimize', '--use', 'abort='],
    {
      readFile: (name) => (name === 'chart.ts' ? source : null),
      writeFile: (name, contents) => {
        written.set(name, typeof contents === 'string' ? new TextEncoder().encode(contents) : contents);
      },
      listFiles: () => [],
    },
  );
  const wasm = written.get('chart.wasm');
  if (error !== null || wasm === undefined) throw new Error(`Cannot compile chart.as: ${stderr.toString()}`);
  return wasm;
}
