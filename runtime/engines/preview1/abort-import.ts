import type { GuestHost } from '../../contracts/engine.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Import } from './jspi.ts';
import { type AbortCall, LeaveGuest, type RunControl } from './run-control.ts';

/** AssemblyScript's own way to fail, beside WASI: `env.abort(message, file, line, column)`. */
export const ABORT_MODULE = 'env';
export const ABORT_NAME = 'abort';
export const ABORT_PARAMS: readonly string[] = ['i32', 'i32', 'i32', 'i32'];

/** Bytes of a text that is kept. */
const MAX_TEXT_BYTES = 4096;

/** What it says goes to stderr as well, as its own runtime prints it. */
export function createAbort(memory: GuestMemory, control: RunControl, host: GuestHost): Import {
  return (message: number, file: number, line: number, column: number) => {
    try {
      control.check();
      const call: AbortCall = {
        message: text(memory, message >>> 0),
        file: text(memory, file >>> 0),
        line: line >>> 0,
        column: column >>> 0,
      };
      const place = call.file === '' ? '' : ` in ${call.file}(${call.line}:${call.column})`;
      host.write('stderr', new TextEncoder().encode(`abort: ${call.message}${place}\n`));
      return control.aborted(call);
    } catch (error) {
      if (error instanceof LeaveGuest) throw error;
      return control.failed(error);
    }
  };
}

/** A string of AssemblyScript: UTF-16, its length in bytes in the four before it. */
function text(memory: GuestMemory, pointer: number): string {
  if (pointer < 4 || !memory.holds(pointer - 4, 4)) return '';
  const length = Math.min(memory.view.getUint32(pointer - 4, true), MAX_TEXT_BYTES) & ~1;
  if (!memory.holds(pointer, length)) return '';
  return new TextDecoder('utf-16le').decode(memory.bytes.subarray(pointer, pointer + length));
}
