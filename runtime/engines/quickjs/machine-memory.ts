import { others } from '../../vocabulary/in-slices.ts';
import { WASM_PAGE } from './abi.ts';

/** Growth beyond what is asked, so that a growing heap does not ask for every page by itself. */
const GROWTH_SHARE = 0.25;
const GROWTH_MOST_PAGES = 256;

/**
 * Refused growths after which a guest only works through scraps: the allocator asks for more each time before it looks for another. Programs
 * that cope with a full memory stay far below.
 */
const MOST_REFUSED_GROWTHS = 10_000;

/** Bytes of a text that are decoded in one turn: a millisecond or two. */
const DECODED_AT_ONCE = 1_048_576;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** One guest's linear memory, as the host reads and writes it. */
export interface MachineMemory {
  readonly memory: WebAssembly.Memory;
  /** All of it as it is now; a growth makes another view. */
  bytes(): Uint8Array<ArrayBuffer>;
  words(): DataView;
  /** The text before the next NUL. */
  cString(pointer: number): string;
  /** The same, of a long one with turns for others between. Nothing may enter the guest meanwhile. */
  longCString(pointer: number): Promise<string>;
  /**
   * Makes room up to an address, with some to spare where there is any.
   * @param onThrashing Told once, when the guest goes on asking for what it cannot have.
   */
  grow(wanted: number, onThrashing: () => void): boolean;
  /** Growths refused since the last `forget`. */
  readonly refused: () => number;
  forget(): void;
}

export function createMachineMemory(memory: WebAssembly.Memory, maximumPages: number): MachineMemory {
  let refused = 0;
  let bytes = new Uint8Array(memory.buffer);
  let words = new DataView(memory.buffer);
  const refresh = (): void => {
    if (bytes.buffer === memory.buffer) return;
    bytes = new Uint8Array(memory.buffer);
    words = new DataView(memory.buffer);
  };
  const view = (): Uint8Array<ArrayBuffer> => {
    refresh();
    return bytes;
  };
  return {
    memory,
    bytes: view,
    words: () => {
      refresh();
      return words;
    },
    cString: (pointer) => {
      const all = view();
      return decoder.decode(all.subarray(pointer, all.indexOf(0, pointer)));
    },
    longCString: async (pointer) => {
      const end = view().indexOf(0, pointer);
      const pieces = new TextDecoder('utf-8', { ignoreBOM: true });
      let text = '';
      for (let at = pointer; at < end; at += DECODED_AT_ONCE) {
        if (at > pointer) await others();
        text += pieces.decode(view().subarray(at, Math.min(end, at + DECODED_AT_ONCE)), { stream: true });
      }
      return text + pieces.decode();
    },
    grow: (wanted, onThrashing) => {
      const now = memory.buffer.byteLength / WASM_PAGE;
      const needed = Math.ceil(wanted / WASM_PAGE) - now;
      if (needed <= 0) return true;
      const spare = Math.min(GROWTH_MOST_PAGES, Math.ceil(now * GROWTH_SHARE));
      for (const pages of new Set([Math.min(needed + spare, maximumPages - now), needed])) {
        if (pages < needed || now + pages > maximumPages) continue;
        try {
          memory.grow(pages);
          return true;
        } catch {
          // The engine of the host has no such memory to give: try with less, then tell.
        }
      }
      refused += 1;
      if (refused === MOST_REFUSED_GROWTHS) onThrashing();
      return false;
    },
    refused: () => refused,
    forget: () => {
      refused = 0;
    },
  };
}
