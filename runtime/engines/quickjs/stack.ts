import { KIB } from '../../vocabulary/units.ts';

/**
 * QuickJS's logical stack for a thread that gives wasm so many bytes. It must run full before the host's own stack does, also in native
 * code that recurses (JSON, regular expressions, sorting, proxies).
 */
export function logicalStackBytes(hostStackBytes: number): number {
  if (hostStackBytes >= 12 * KIB * KIB) return 512 * KIB;
  if (hostStackBytes >= 3 * KIB * KIB) return 128 * KIB;
  return 32 * KIB;
}

/**
 * Whether the run has had its stack nearly full at some time: the lowest quarter is all zero until then. This, and not the error that
 * a guest shows, tells a real overflow from a copy.
 * @param stackTop As the layout has it.
 */
export function stackWasFull(memory: Uint8Array, stackTop: number, logicalBytes: number): boolean {
  const lowest = stackTop - logicalBytes;
  for (let at = lowest; at < lowest + logicalBytes / 4; at++) if (memory[at] !== 0) return true;
  return false;
}

/** Makes the stack look unused again, for the next run of a kept guest; while nothing of the guest is on it. */
export function forgetFullStack(memory: Uint8Array, stackTop: number, logicalBytes: number): void {
  const lowest = stackTop - logicalBytes;
  memory.fill(0, lowest, lowest + logicalBytes / 4);
}
