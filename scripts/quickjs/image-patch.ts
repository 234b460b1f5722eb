import { joinBytes } from '../../runtime/vocabulary/bytes.ts';

/** Equal bytes between two differences that are carried along rather than told apart: to copy them costs less than another stretch. */
const GAP = 64;

/**
 * What makes an image of another, or of nothing, as `runtime/engines/quickjs/image.ts` reads it: the number of stretches, then address and
 * length of each, then their bytes one after the other. Numbers are 32 bits, little-endian.
 */
export function imagePatch(base: Uint8Array, whole: Uint8Array): Uint8Array {
  const stretches: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  const differs = (at: number): boolean => (base[at] ?? 0) !== (whole[at] ?? 0);
  const size = Math.max(base.length, whole.length);
  let at = 0;
  while (at < size) {
    if (!differs(at)) {
      at += 1;
      continue;
    }
    let end = at;
    for (let same = 0; end < size && same < GAP; end++) same = differs(end) ? 0 : same + 1;
    const bytes = new Uint8Array(end - at);
    bytes.set(whole.subarray(at, end));
    stretches.push({ at, bytes });
    at = end;
  }
  const head = new Uint32Array(1 + 2 * stretches.length);
  head[0] = stretches.length;
  for (const [index, stretch] of stretches.entries())
    head.set([stretch.at, stretch.bytes.length], 1 + 2 * index);
  return joinBytes([new Uint8Array(head.buffer), ...stretches.map(({ bytes }) => bytes)]);
}
