import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import {
  commandAdapter,
  compileAssemblyScript,
  componentizeQuickJs,
  componentizeSpiderMonkey,
  componentOfCore,
  hostPackage,
  withHostPackage,
} from '../../../scripts/tools/build-component.ts';

const HERE = new URL('./', import.meta.url);
const BUILD = new URL('../build/', import.meta.url);

/** A component (or module) from its text form. */
export const wat = async (text: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await parse(text));

/** Every kind of WIT type, echoed; numbers added; a result of each kind; an interface. JavaScript on QuickJS. */
export const typesGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  built('types', ['types.js', 'types.wit'], async ([source = '', wit = '']) =>
    componentizeQuickJs(source, { wit, name: 'types' }),
  );

/** Answers what it is given, of every kind of WIT type and of types in types, byte for byte: each function gives its pointer back. */
export const echoGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  built('echo', ['echo.wit'], async ([text = '']) => {
    const names = [...text.matchAll(/export (of-[\w-]+):/g)].map(([, name]) => name);
    const core = await wat(`(module
      (memory (export "memory") 1)
      (global $top (mut i32) (i32.const 64))
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $top (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
        (global.get $top)
        (global.set $top (i32.add (global.get $top) (local.get 3)))
        (loop $grow (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
          (then (drop (memory.grow (i32.const 1))) (br $grow)))))
      ${names.map((name) => `(func (export "${name}") (param i32) (result i32) (local.get 0))`).join('\n')})`);
    return componentOfCore(core, { wit: text, name: 'echo' }, { encoding: 'utf8' });
  });

/** Does what its JSON input says: prints, calls the host, throws, loops, allocates. JavaScript on QuickJS, world `tool`. */
export const probeGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  built('probe', ['probe.js'], async ([source = '']) => {
    const root = 'package built:probe;\nworld probe { include sandglass:host/tool@0.1.0; }';
    return componentizeQuickJs(source, { wit: await withHostPackage(root), name: 'probe' });
  });

/** Asks stores and databases what its JSON input says. JavaScript on QuickJS, world `tool-with-data`. */
export const dataGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  built('data', ['data.js'], async ([source = '']) => {
    const root = 'package built:data;\nworld data { include sandglass:host/tool-with-data@0.1.0; }';
    return componentizeQuickJs(source, { wit: await withHostPackage(root), name: 'data' });
  });

/** Does what its JSON input says in a browser. JavaScript on QuickJS, world `tool-with-browser`. */
export const browserGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  built('browser', ['browser.js'], async ([source = '']) => {
    const root =
      'package built:browsing;\nworld browsing { include sandglass:host/tool-with-browser@0.1.0; }';
    return componentizeQuickJs(source, { wit: await withHostPackage(root), name: 'browsing' });
  });

/** Sends what its JSON input says with the standard `fetch`, over `wasi:http`. JavaScript on SpiderMonkey, world `tool`. */
export const fetchGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  built('fetch', ['fetch.js'], async ([source = '']) => {
    const root = `package built:fetch;
world fetching {
  use sandglass:host/types@0.1.0.{host-error};
  export describe: func() -> string;
  export invoke: func(input: string) -> result<string, host-error>;
}`;
    return componentizeSpiderMonkey(
      source,
      { wit: await withHostPackage(root), name: 'fetching' },
      { fetch: true },
    );
  });

/** An ordinary WASI command: AssemblyScript against preview1, adapted to WASI 0.2. Does what its arguments say. */
export const commandGuest = (): Promise<Uint8Array<ArrayBuffer>> =>
  built('command', ['command.as'], async ([source = '']) => {
    const core = await compileAssemblyScript(new Map([['command.ts', source]]), 'command.ts', [
      '--exportStart',
      '_start',
    ]);
    const world = { wit: 'package built:command;\nworld command {}', name: 'command' };
    return componentOfCore(core, world, { encoding: 'utf8', adapter: await commandAdapter() });
  });

async function built(
  name: string,
  files: readonly string[],
  compile: (sources: readonly string[]) => Promise<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const sources = await Promise.all(files.map((file) => readFile(new URL(file, HERE), 'utf8')));
  const lock = await readFile(new URL('../../../package-lock.json', import.meta.url), 'utf8');
  const hash = createHash('sha256');
  for (const text of [...sources, await hostPackage(), lock]) hash.update(`${text.length}:`).update(text);
  const target = new URL(`${name}-${hash.digest('hex').slice(0, 16)}.wasm`, BUILD);
  const known = await readFile(target).catch(() => undefined);
  if (known !== undefined) return new Uint8Array(known);
  const component = await compile(sources);
  await mkdir(BUILD, { recursive: true });
  const draft = new URL(`${target.href}.${process.pid}`);
  await writeFile(draft, component);
  await rename(draft, target);
  return new Uint8Array(component);
}
