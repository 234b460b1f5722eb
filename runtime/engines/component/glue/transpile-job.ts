import { instrument } from '../../../wasm/instrument.ts';
import type { WaitMode } from '../component-data.ts';
import { hardenGlue } from './harden-glue.ts';

/** Input of the job: a component that the guard and the interface check let through. */
export interface TranspileInput {
  readonly bytes: Uint8Array;
  readonly mode: WaitMode;
  /** Interfaces with versions, as imported. */
  readonly imports: readonly string[];
  /** `interface@version#function` of the imports that may wait; only for `jspi`. */
  readonly asyncImports: readonly string[];
  readonly asyncExports: readonly string[];
}

export interface Transpiled {
  /** Hardened. */
  readonly glue: string;
  /** Metered, and made ready for any cap on their memory. */
  readonly cores: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>])[];
  /** As the generator saw them; must be a subset of what was checked. */
  readonly imports: readonly string[];
}

/** As much as can be addressed: the cap of a run is put on later. */
const ALL_PAGES = 65_536;

/** Brings the generator in, which reads its own wasm from a file: a job's worker may read none once it has the input in hand. */
export async function load(): Promise<typeof import('./generator.ts')> {
  const generator = await import('./generator.ts');
  await generator.$init;
  return generator;
}

/** Turns a component into glue and metered core modules. Runs in a worker that can be killed: the generator is large and the input hostile. */
export async function job(input: unknown): Promise<Transpiled> {
  const { bytes, mode, imports, asyncImports, asyncExports } = input as TranspileInput; // only prepare.ts sends this job
  const { generate } = await load();
  const { files, imports: seen } = generate(bytes, {
    name: 'guest',
    // Without the identity map the glue would read interfaces by their names without version.
    map: imports.map((name) => [name, name]),
    instantiation: { tag: 'sync' },
    asyncMode:
      mode === 'jspi'
        ? { tag: 'jspi', val: { imports: [...asyncImports], exports: [...asyncExports] } }
        : { tag: 'sync' },
    noTypescript: true,
    base64Cutoff: 0,
    noNodejsCompat: true,
    // Declared errors are thrown bare, so that whatever else is thrown is an Error and means a trap.
    noComponentErrorWrapping: true,
    noNamespacedExports: false,
  });
  const source = files.find(([name]) => name.endsWith('.js'));
  if (source === undefined) throw new TypeError('Cannot transpile: no glue came out');
  return {
    glue: hardenGlue(new TextDecoder().decode(source[1])),
    cores: files
      .filter(([name]) => name.endsWith('.wasm'))
      .map(([name, core]) => [name, instrument(core, { maxMemoryPages: ALL_PAGES })]),
    imports: seen,
  };
}
