import type { ComponentData } from './engines/component/component-data.ts';
import { createComponentEngine } from './engines/component/engine.ts';
import { PREBUILT_FORMAT, type PrebuiltData } from './engines/component/prebuilt.ts';
import { nodePlatform } from './platform/node.ts';
import { checkFields, type FieldKind } from './vocabulary/check-fields.ts';
import { defined } from './vocabulary/defined.ts';
import { mergeLimits } from './vocabulary/limits.ts';
import { unknownName } from './vocabulary/nearest.ts';
import { sha256Hex } from './vocabulary/sha256.ts';

export interface PrebuildOptions {
  /** Where the files will run: how a `.wasm` beside them is loaded. */
  readonly platform: 'browser' | 'workerd';
  /** Hard cap of its memory, bytes, built into the modules; a run can only ask for less. @default 64 MiB */
  readonly memoryBytes?: number;
  /**
   * The guest is suspended while it waits, and between slices while it computes, so that it shares its thread. Needs JSPI where it runs:
   * workerd and Chromium have it. `false`: a guest that has to wait ends with UNSUPPORTED, and one that computes keeps the thread. @default true
   */
  readonly suspend?: boolean;
  /** Stem of the file names, letters, digits and dashes. @default 'component' */
  readonly name?: string;
}

const FIELDS: Readonly<Record<keyof PrebuildOptions, FieldKind>> = {
  platform: 'text!',
  memoryBytes: 'any',
  suspend: 'boolean',
  name: 'text',
};

const INLINE_MODULE = /new WebAssembly\.Module\(new Uint8Array\(\[([\d,\s]*)\]\)\)/g;

/**
 * Transpiles a component at build time, for platforms that cannot do it when it is run. Runs on Node. The guest is not trusted, but its files
 * become part of the embedder's build: prebuild only what the embedder means to ship.
 * @returns File name → contents. `<name>.js` exports `component`, to be passed as `module`; the other files must lie beside it.
 * @throws {SandglassError} MODULE_INVALID for what is not a component, or imports something unknown; MEMORY_EXCEEDED when it starts over its cap.
 * @example
 * for (const [file, contents] of await prebuildComponent(bytes, { platform: 'workerd' })) await writeFile(join('src/tool', file), contents);
 */
export async function prebuildComponent(
  bytes: Uint8Array,
  options: PrebuildOptions,
): Promise<ReadonlyMap<string, string | Uint8Array<ArrayBuffer>>> {
  checkFields(options, FIELDS, 'prebuild');
  if (options.platform !== 'browser' && options.platform !== 'workerd')
    throw unknownName('prebuild: unknown platform', String(options.platform), ['browser', 'workerd']);
  const { platform, memoryBytes, suspend = true, name = 'component' } = options;
  if (!/^[a-z\d-]+$/i.test(name))
    throw new TypeError(`Cannot prebuild: name ${JSON.stringify(name)} is not a file name`);
  const copy = new Uint8Array(bytes);
  const hash = await sha256Hex(copy);
  const prepared = await createComponentEngine({ mode: suspend ? 'jspi' : 'sync', glueOnly: true }).prepare(
    { kind: 'wasm', bytes: copy, hash, name: `${name}.wasm` },
    {
      limits: mergeLimits(memoryBytes === undefined ? [] : [{ memoryBytes }]),
      compile: nodePlatform.compile,
      ...defined({ job: nodePlatform.job }),
    },
  );
  const component = prepared.data as ComponentData; // made by this engine's prepare
  const files = new Map<string, string | Uint8Array<ArrayBuffer>>();
  const cores: (readonly [key: string, file: string])[] = [];
  for (const [key, core] of Object.entries(prepared.modules)) {
    const file = `${name}.core${cores.length}.wasm`;
    files.set(file, core.bytes);
    cores.push([key, file]);
  }

  // Small helper modules lie in the glue as bytes; where nothing may be compiled at run time they must be files, too.
  const helpers: string[] = [];
  const glue = component.glue.replaceAll(INLINE_MODULE, (_, numbers: string) => {
    const file = `${name}.helper${helpers.length}.wasm`;
    files.set(
      file,
      Uint8Array.from(
        numbers.split(',').filter((text) => text.trim() !== ''),
        Number,
      ),
    );
    helpers.push(file);
    return `$helper${helpers.length - 1}`;
  });

  const data: PrebuiltData = { format: PREBUILT_FORMAT, component: { ...component, glue: '' } };
  files.set(
    `${name}.js`,
    [
      ...helpers.map((file, index) => load(platform, `$helper${index}`, file)),
      ...cores.map(([, file], index) => load(platform, `$core${index}`, file)),
      glue,
      'export const component = {',
      `  data: ${JSON.stringify(data)},`,
      '  instantiate,',
      `  modules: { ${cores.map(([key], index) => `${JSON.stringify(key)}: $core${index}`).join(', ')} },`,
      '};',
      '',
    ].join('\n'),
  );
  return files;
}

const load = (platform: PrebuildOptions['platform'], variable: string, file: string): string =>
  platform === 'workerd'
    ? `import ${variable} from './${file}';`
    : `const ${variable} = await WebAssembly.compileStreaming(fetch(new URL('./${file}', import.meta.url)));`;
