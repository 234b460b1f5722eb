// Builds the guests of the tests into test/guests/build: WebAssembly text by wabt, AssemblyScript by its own compiler. Both come from npm.
//   node scripts/build-guests.ts
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const SOURCES = new URL('../test/guests/', import.meta.url);
const BUILT = new URL('../test/guests/build/', import.meta.url);

/** A guest by folder and name, e.g. `preview1/hello.wat`; its binary is built when its source is newer than the last build. */
export async function loadGuest(source: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = readFileSync(new URL(source, SOURCES), 'utf8');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const file = new URL(`${source.replaceAll('/', '-')}-${hash}.wasm`, BUILT);
  try {
    return new Uint8Array(readFileSync(file));
  } catch {
    // Not built yet.
  }
  const bytes = source.endsWith('.wat') ? await assemble(source, text) : await compile(source, text);
  mkdirSync(BUILT, { recursive: true });
  const unfinished = fileURLToPath(file).replace(/\.wasm$/, `.${process.pid}`);
  writeFileSync(unfinished, bytes);
  renameSync(unfinished, file); // several test processes may build the same guest
  return new Uint8Array(bytes);
}

async function assemble(name: string, text: string): Promise<Uint8Array> {
  const { default: wabt } = await import('wabt');
  const tools = await wabt();
  const module = tools.parseWat(name, text, {
    exceptions: true,
    simd: true,
    multi_value: true,
    bulk_memory: true,
    reference_types: true,
    tail_call: true,
    threads: true,
    memory64: true,
  });
  try {
    module.validate();
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}

async function compile(name: string, text: string): Promise<Uint8Array> {
  const { default: asc } = await import('assemblyscript/asc');
  const outputs = new Map<string, Uint8Array>();
  const { error, stderr } = await asc.main(
    ['input.ts', '--outFile', 'output.wasm', '--runtime', 'stub', '-O'],
    {
      readFile: (file) => (file === 'input.ts' ? text : null),
      writeFile: (file, content) => {
        outputs.set(file, typeof content === 'string' ? new TextEncoder().encode(content) : content);
      },
      listFiles: () => [],
    },
  );
  const built = outputs.get('output.wasm');
  if (error !== null || built === undefined) throw new Error(`Cannot build ${name}: ${stderr.toString()}`);
  return built;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const folder of ['preview1', 'assembly']) {
    for (const file of readdirSync(new URL(`${folder}/`, SOURCES)).sort()) {
      const bytes = await loadGuest(`${folder}/${file}`);
      console.log(`${folder}/${file}: ${bytes.byteLength} bytes`);
    }
  }
}
