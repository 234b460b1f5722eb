import { ERROR_SCRATCH, ERROR_TEXT_BYTES } from './abi.ts';
import type { Pointer, QuickjsExports } from './engine-exports.ts';
import type { MachineHost } from './machine-host.ts';
import type { MachineMemory } from './machine-memory.ts';
import type { MachineValues } from './machine-values.ts';

/** Of the frames of an error, the first is looked at, up to here. */
const MOST_FRAME_BYTES = 1024;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export interface MachineErrorsOptions {
  readonly memory: MachineMemory;
  readonly exports: () => QuickjsExports;
  readonly values: () => MachineValues;
  readonly context: () => number;
  readonly host: () => MachineHost;
  readonly hasRoom: () => boolean;
}

/** What the host is asked while the engine makes an error of its own. */
export interface MachineErrors {
  /** Puts better words where the engine keeps an error's text. */
  retell(at: Pointer): 0;
  /** The error has its text already: it is given another, if it still has the one it was made with. */
  locate(frames: Pointer): 0;
}

export function machineErrors(options: MachineErrorsOptions): MachineErrors {
  const { memory, exports, values, context, host, hasRoom } = options;
  return {
    retell: (at) => {
      const told = host().errorText?.(memory.cString(at));
      if (told === undefined) return 0;
      const room = memory.bytes().subarray(at, at + ERROR_TEXT_BYTES - 1);
      const { written } = encoder.encodeInto(told, room);
      room[written] = 0;
      return 0;
    },
    locate: (frames) => {
      if (frames === 0 || host().locates?.() !== true) return 0;
      const bytes = memory.bytes();
      const end = bytes.subarray(frames, frames + MOST_FRAME_BYTES).indexOf(10);
      const told =
        end < 0 ? undefined : host().located?.(decoder.decode(bytes.subarray(frames, frames + end)));
      if (told === undefined || !hasRoom()) return 0;
      const { newText, kind, readText } = values();
      const name = newText('message');
      const now = exports().QTS_GetProp(context(), ERROR_SCRATCH, name);
      const text = newText(told.to);
      if (kind(now) === 'string' && readText(now) === told.from)
        exports().QTS_SetProp(context(), ERROR_SCRATCH, name, text);
      for (const value of [name, now, text]) exports().QTS_FreeValuePointer(context(), value);
      return 0;
    },
  };
}
