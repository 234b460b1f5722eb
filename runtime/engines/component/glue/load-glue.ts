import { toBase64 } from '../../../vocabulary/base64.ts';

/** What stands for a core module while the glue is about it: the module itself, or its number where glue must not have it. */
export type CoreModule = WebAssembly.Module | number;

/** What the glue module exports: builds one instance. In mode `jspi` exports answer promises. */
export type InstantiateGlue = (
  getCoreModule: (name: string) => CoreModule,
  imports: object,
  instantiateCore: (module: CoreModule, imports?: WebAssembly.Imports) => { exports: WebAssembly.Exports },
) => unknown;

/**
 * Loads the glue as a module of its own: from a `blob:` URL where there are any for modules (browsers), else from a `data:` URL.
 * It is generated code: names from the binary that stand in it were checked before.
 */
export async function loadGlue(source: string): Promise<InstantiateGlue> {
  const bytes = new TextEncoder().encode(source);
  const inBrowser = typeof document !== 'undefined' || typeof WorkerGlobalScope !== 'undefined';
  const url = inBrowser
    ? URL.createObjectURL(new Blob([bytes], { type: 'text/javascript' }))
    : `data:text/javascript;base64,${toBase64(bytes)}`;
  try {
    const module: unknown = await import(/* @vite-ignore */ url);
    return entryOf(module);
  } finally {
    if (inBrowser) URL.revokeObjectURL(url);
  }
}

function entryOf(module: unknown): InstantiateGlue {
  if (typeof module === 'object' && module !== null && 'instantiate' in module) {
    const { instantiate } = module;
    // The generator writes exactly this signature; its arguments cannot be checked from outside.
    if (typeof instantiate === 'function') return instantiate as InstantiateGlue;
  }
  throw new TypeError('Cannot load the glue of a component: it exports no instantiate');
}

declare const WorkerGlobalScope: unknown;
