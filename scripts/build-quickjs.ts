import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import {
  ENTRIES,
  type EntryName,
  EVAL_GLOBAL,
  IMAGE_SECTION,
  LAYOUT_SECTION,
  LAYOUT_VERSION,
  type Layout,
  LIBRARY_SECTION,
  PARTS_SECTION,
  PRELUDE_FILE,
  PRIMITIVES,
  WASM_PAGE,
} from '../runtime/engines/quickjs/abi.ts';
import { createMachine, type Machine } from '../runtime/engines/quickjs/machine.ts';
import { joinBytes } from '../runtime/vocabulary/bytes.ts';
import { instrument } from '../runtime/wasm/instrument.ts';
import { bundleLibrary } from './quickjs/bundle-library.ts';
import { bundleParts } from './quickjs/bundle-parts.ts';
import { imagePatch } from './quickjs/image-patch.ts';
import { lowerStack, STACK_TOP } from './quickjs/lower-stack.ts';
import { lowerTemplates } from './quickjs/lower-templates.ts';
import { reshape, setMemoryImport } from './quickjs/reshape.ts';
import {
  nameBytes,
  PREAMBLE_BYTES,
  readSections,
  SECTION,
  type Section,
  writeSections,
} from './quickjs/sections.ts';

/** The release that `quickjs/reshape.ts` knows the insides of. */
const PACKAGE = '@jitl/quickjs-wasmfile-release-sync';
const BINARY_SHA256 = '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232';
const QUICKJS = '2025-09-13';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'runtime/engines/quickjs');
export const OUTPUT = join(folder, 'quickjs.wasm');

/**
 * Offset of `strip_flags` in `JSRuntime` (the package has no function for it), and the flag that drops the source text of functions: the
 * prelude's show as native code then, and its text takes no room in each guest.
 */
const STRIP_FLAGS = 228;
const STRIP_SOURCE = 1;

/** What the clock says while the engine is built: QuickJS seeds `Math.random` with it, in microseconds, so that the seed can be found. */
const BUILD_CLOCK_MS = 123_456_789_000;

/** Room above the prelude's own heap, so that small programs never grow: pages. */
const SPARE_PAGES = 8;
/** All that wasm32 can address; the memory that a run brings has the real cap. */
const MOST_PAGES = 65_536;

/**
 * Builds the engine: the published QuickJS binary, reshaped; the prelude evaluated in it; its memory kept beside the code.
 * The same input gives the same bytes.
 */
export async function buildQuickjs(): Promise<Uint8Array<ArrayBuffer>> {
  const dist = join(root, 'node_modules', PACKAGE, 'dist');
  const published = readFileSync(join(dist, 'emscripten-module.wasm'));
  const hash = createHash('sha256').update(published).digest('hex');
  if (hash !== BINARY_SHA256) {
    throw new Error(`Cannot build QuickJS: ${PACKAGE} holds ${hash}, not the binary that this build knows`);
  }
  const glue = readFileSync(join(dist, 'emscripten-module.browser.mjs'), 'utf8');
  const { sections, rejectionSlot } = reshape(readSections(lowerStack(published)), glue);
  const { layout, memory, patch } = await evaluatePrelude(
    sections,
    rejectionSlot,
    await bundlePrelude(),
    await bundleLibrary(join(folder, 'library/main.ts')),
  );
  const metered = instrument(writeSections(withoutData(sections, layout)), {
    maxMemoryPages: MOST_PAGES,
  });
  const parts = JSON.stringify(await bundleParts(join(folder, 'library/parts')));
  const own = [
    layoutSection(layout),
    customSection(IMAGE_SECTION, imagePatch(new Uint8Array(), memory)),
    customSection(LIBRARY_SECTION, patch),
    customSection(PARTS_SECTION, new TextEncoder().encode(parts)),
  ];
  return joinBytes([metered, writeSections(own).subarray(PREAMBLE_BYTES)]);
}

async function bundlePrelude(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'prelude/main.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'prelude',
    target: 'es2023',
    platform: 'neutral',
    charset: 'utf8',
    legalComments: 'none',
    minifyWhitespace: true,
  });
  const text = outputFiles[0]?.text;
  if (text === undefined) throw new Error('Cannot build QuickJS: the prelude did not bundle');
  return lowerTemplates(`(function () { "use strict"; ${text}\nreturn prelude.install; })()`);
}

async function evaluatePrelude(
  sections: readonly Section[],
  rejectionSlot: number,
  prelude: string,
  library: string,
): Promise<{ readonly layout: Layout; readonly memory: Uint8Array; readonly patch: Uint8Array }> {
  const module = await WebAssembly.compile(writeSections(sections));
  let memory: WebAssembly.Memory | undefined;
  /** The snapshots are taken, and what runs now is thrown away: the host answers nothing. */
  let naming = false;
  const options = {
    module,
    memoryBytes: 2048 * 1024 * 1024,
    initialPages: 256,
    host: {
      callHost: (ref: number) => {
        if (naming) return 0;
        throw new Error(
          `Cannot build QuickJS: the prelude calls ${PRIMITIVES[ref] ?? ref} while it is built`,
        );
      },
      onRejection: () => {
        throw new Error('Cannot build QuickJS: the prelude rejects a promise while it is built');
      },
      normalizeModule: (_base: string, specifier: string) => specifier,
      loadModule: () => ({ failure: 'no modules here' }),
      errorFor: () => 0,
      onThrashing: () => undefined,
      shouldStop: () => false,
      now: () => BUILD_CLOCK_MS,
      zoneOffset: () => 0,
    },
    onMemory: (made: WebAssembly.Memory) => {
      memory = made;
    },
  };
  const first = createMachine({ ...options, context: 0, runtime: 0 });
  const { exports } = first;
  exports.construct();
  const runtime = exports.QTS_NewRuntime();
  if (memory !== undefined) hideStackName(memory);
  const context = exports.QTS_NewContext(runtime, 0);
  const machine: Machine = first.at(context, runtime);
  if (memory === undefined) throw new Error('Cannot build QuickJS: no memory');
  enableHooks(machine, memory, rejectionSlot);
  const randomState = findRandomState(memory, context);

  const unwrap = (completion: ReturnType<Machine['call']>): number => {
    if ('value' in completion) return completion.value;
    const message = machine.exports.QTS_GetProp(context, completion.thrown, machine.newText('message'));
    const stack = machine.exports.QTS_GetProp(context, completion.thrown, machine.newText('stack'));
    throw new Error(`Cannot build QuickJS: ${machine.readText(message)}\n${machine.readText(stack)}`);
  };
  const evaluateOwn = (code: string): number => {
    const flags = new DataView((memory as WebAssembly.Memory).buffer); // it is there: checked above
    flags.setUint8(runtime + STRIP_FLAGS, STRIP_SOURCE);
    const value = unwrap(machine.evaluate(code, PRELUDE_FILE, EVAL_GLOBAL));
    new DataView((memory as WebAssembly.Memory).buffer).setUint8(runtime + STRIP_FLAGS, 0);
    return value;
  };
  const install = evaluateOwn(prelude);
  const host = exports.QTS_NewObject(context);
  for (const [ref, name] of PRIMITIVES.entries()) {
    exports.QTS_SetProp(context, host, machine.newText(name), machine.newFunction(name, ref));
  }
  const made = unwrap(machine.call(install, [host]));
  const entries = {} as Record<EntryName, number>; // filled from the very list of names
  for (const name of ENTRIES) {
    entries[name] = exports.QTS_GetProp(context, made, machine.newText(name));
    if (machine.kind(entries[name]) !== 'object') throw new Error(`Cannot build QuickJS: no entry ${name}`);
  }
  collect(machine);
  sweep(machine, memory);
  const base = image(memory);
  // The second snapshot: the same instance with the library in it. A run gets it as a patch of the first.
  const internals = exports.QTS_GetProp(context, made, machine.newText('internals'));
  const exported = unwrap(machine.call(evaluateOwn(library), [internals]));
  collect(machine);
  sweep(machine, memory);
  const whole = image(memory);
  // Naming what the modules export evaluates all of them: only then, when the snapshot is taken.
  naming = true;
  const names = unwrap(machine.call(exported, []));
  const libraryNames = JSON.parse(machine.readText(names) ?? '') as Layout['library']['names'];
  return {
    patch: imagePatch(base, whole),
    layout: {
      version: LAYOUT_VERSION,
      quickjs: QUICKJS,
      context,
      runtime,
      entries,
      randomState,
      stackTop: STACK_TOP,
      pages: Math.ceil(base.length / WASM_PAGE) + SPARE_PAGES,
      library: { pages: Math.ceil(whole.length / WASM_PAGE) + SPARE_PAGES, names: libraryNames },
    },
    memory: base,
  };
}

/** A copy of the memory up to its last byte that is not zero. */
function image({ buffer }: WebAssembly.Memory): Uint8Array {
  const bytes = new Uint8Array(buffer);
  let top = bytes.length;
  while (bytes[top - 1] === 0) top -= 1;
  return bytes.slice(0, top);
}

/**
 * Gives the name under which QuickJS writes the frames of an error (its atom for `stack`) a first letter that no program can spell. Its hash
 * stays, so that who looks for `stack` meets it, finds it different and makes a name anew.
 */
function hideStackName({ buffer }: WebAssembly.Memory): void {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const wanted = [...'stack\0'].map((letter) => letter.charCodeAt(0));
  const found: number[] = [];
  for (let at = 16; at < bytes.length - wanted.length; at += 4) {
    if (!wanted.every((code, index) => bytes[at + index] === code)) continue;
    // `JSString`: references, length, hash with the kind of atom in its upper two bits, the next of the same hash, letters.
    const isAtom = view.getUint32(at - 8, true) >>> 30 === 1;
    if (view.getUint32(at - 12, true) === wanted.length - 1 && isAtom) found.push(at);
  }
  const [at] = found;
  if (at === undefined || found.length > 1)
    throw new Error('Cannot build QuickJS: cannot find its name for stacks');
  bytes[at] = 1;
}

/** The one place in the context that holds the seed. */
function findRandomState(memory: WebAssembly.Memory, context: number): number {
  const view = new DataView(memory.buffer);
  const seed = BigInt(BUILD_CLOCK_MS) * 1000n;
  const found: number[] = [];
  for (let at = context; at < context + 4096; at += 8)
    if (view.getBigUint64(at, true) === seed) found.push(at);
  const [address] = found;
  if (address === undefined || found.length > 1)
    throw new Error('Cannot build QuickJS: cannot find the seed of its Math.random');
  return address;
}

/** Collects garbage now: the next collection is then as far from the start of a program as it can be, however much the prelude has made. */
function collect(machine: Machine): void {
  machine.collectSoon();
  machine.exports.QTS_NewObject(machine.context);
}

/** Zeroes what is free in the heap, so that the snapshot does not carry it: takes every free block there is, and gives them back. */
function sweep({ exports }: Machine, memory: WebAssembly.Memory): void {
  const top = exports.malloc(1024 * 1024);
  const taken: number[] = [top];
  for (const size of [65_536, 16_384, 4096, 1024, 256, 64, 16]) {
    for (;;) {
      const block = exports.malloc(size);
      taken.push(block);
      if (block > top) break;
      new Uint8Array(memory.buffer, block, size).fill(0);
    }
  }
  for (const block of taken) exports.free(block);
}

/**
 * Turns on the interrupt handler, the module loader and the rejection hook. QuickJS keeps the hook two words behind the interrupt handler
 * (`JSRuntime`: interrupt_handler, interrupt_opaque, host_promise_rejection_tracker), and the package has no function to set it.
 */
function enableHooks(machine: Machine, memory: WebAssembly.Memory, rejectionSlot: number): void {
  const { exports, runtime } = machine;
  const words = (): Int32Array => new Int32Array(memory.buffer.slice(runtime, runtime + 1024));
  const before = words();
  exports.QTS_RuntimeEnableInterruptHandler(runtime);
  const changed = [...words().entries()].filter(([index, word]) => word !== before[index]);
  const [index] = changed[0] ?? [];
  if (changed.length !== 1 || index === undefined) {
    throw new Error('Cannot build QuickJS: cannot find its interrupt handler');
  }
  new DataView(memory.buffer).setInt32(runtime + 4 * (index + 2), rejectionSlot, true);
  exports.QTS_RuntimeEnableModuleLoader(runtime, 1);
}

/** The sections without data, which the host writes, and no start function. */
const withoutData = (sections: readonly Section[], layout: Layout): Section[] =>
  sections
    .filter(({ id }) => id !== SECTION.start && id !== SECTION.data && id !== SECTION.dataCount)
    .map(({ id, body }) =>
      id === SECTION.import ? { id, body: setMemoryImport(body, layout.pages, MOST_PAGES) } : { id, body },
    );

const customSection = (name: string, content: Uint8Array): Section => ({
  id: SECTION.custom,
  body: joinBytes([nameBytes(name), content]),
});

const layoutSection = (layout: Layout): Section =>
  customSection(LAYOUT_SECTION, new TextEncoder().encode(JSON.stringify(layout)));

/** Writes the engine if it is missing or `force`. */
export async function writeQuickjs(force = false): Promise<void> {
  if (!force && existsSync(OUTPUT)) return;
  const bytes = await buildQuickjs();
  mkdirSync(dirname(OUTPUT), { recursive: true });
  const temporary = `${OUTPUT}.${process.pid}`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, OUTPUT);
  console.log(`quickjs.wasm: ${bytes.length} bytes`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeQuickjs(true);
