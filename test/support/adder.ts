import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';
import wabt from 'wabt';
import { prebuildComponent } from '../../runtime/index.prebuild.ts';

const WIT = 'package test:adder; world adder { export add: func(left: s32, right: s32) -> s32; }';
const WAT =
  '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))) (memory (export "memory") 1))';

/** A component of some hundred bytes: one function, no imports. */
export async function buildAdder(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const core = parseWat('adder.wat', WAT).toBinary({});
  const embedded = await componentEmbed({ binary: core.buffer, witSource: WIT, world: 'adder' });
  return componentNew(embedded, []);
}

/** Prebuilds it into `folder/prebuilt/`, where the entries import it from; answers the files' names. */
export async function writePrebuiltAdder(folder: string, platform: 'browser' | 'workerd'): Promise<string[]> {
  const files = await prebuildComponent(await buildAdder(), { platform, name: 'adder' });
  await mkdir(join(folder, 'prebuilt'), { recursive: true });
  for (const [name, contents] of files) await writeFile(join(folder, 'prebuilt', name), contents);
  return [...files.keys()].map((name) => `prebuilt/${name}`);
}
