import type { ComponentTypes } from '../types/model.ts';
import { unversioned } from '../types/wit-type.ts';

/** Functions that may have to wait for the host: all others answer at once in both wait modes. */
const WAITING: Readonly<Record<string, RegExp>> = {
  'wasi:io/poll': /^(poll|\[method\]pollable\.block)$/,
  'wasi:io/streams':
    /\.(blocking-)?(read|skip|write|splice|write-and-flush|write-zeroes|write-zeroes-and-flush)$/,
  'wasi:filesystem/types':
    /^\[method\]descriptor\.(?!(advise|get-flags|get-type|read-via-stream|write-via-stream|append-via-stream)$)/,
  'sandglass:host/browser': /./,
  'sandglass:host/docs': /./,
  'sandglass:host/fs': /./,
  'sandglass:host/http': /./,
  'sandglass:host/kv': /./,
  'sandglass:host/sql': /./,
};

/** The imports that the glue must let wait, as it spells them. Empty: the component never waits, and needs no suspending. */
export function waitingImports(types: ComponentTypes): readonly string[] {
  const names: string[] = [];
  for (const [name, item] of types.imports) {
    const pattern = WAITING[unversioned(name)];
    if (pattern === undefined || item.sort !== 'instance') continue;
    for (const [functionName, exported] of item.exports) {
      if (exported.sort === 'func' && pattern.test(functionName)) names.push(`${name}#${functionName}`);
    }
  }
  return names;
}
