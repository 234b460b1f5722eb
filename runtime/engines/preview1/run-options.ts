import type { JsonObject } from '../../vocabulary/codec.ts';
import { isWasiFunction } from './wasi-functions.ts';

export interface Preview1Options {
  /** WASI functions that may be used; absent: all. */
  readonly wasi?: ReadonlySet<string>;
}

export type CheckedOptions =
  | { readonly ok: true; readonly options: Preview1Options }
  | { readonly ok: false; readonly message: string };

/** Checks the engine options of a run. One that is not known is an error: it might have been meant to restrict. */
export function checkRunOptions(given: JsonObject): CheckedOptions {
  let allowed: ReadonlySet<string> | undefined;
  for (const [name, value] of Object.entries(given)) {
    if (name !== 'wasi')
      return { ok: false, message: `Cannot run the module: unknown option "${name}", known is wasi` };
    if (!Array.isArray(value)) {
      return {
        ok: false,
        message: 'Cannot run the module: option wasi must be a list of WASI function names',
      };
    }
    const names = new Set<string>();
    for (const item of value) {
      if (typeof item !== 'string' || !isWasiFunction(item)) {
        return {
          ok: false,
          message: `Cannot run the module: option wasi names ${JSON.stringify(item)}, which is no WASI function`,
        };
      }
      names.add(item);
    }
    allowed = names;
  }
  return { ok: true, options: allowed === undefined ? {} : { wasi: allowed } };
}
