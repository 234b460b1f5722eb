import { type OutWalk, spend } from './out-walk.ts';
import { Bytes, bytesSet, typedArrayBuffer, typedArrayBytes } from './primordials.ts';
import { pathTo } from './value-path.ts';

/**
 * Notes what JSON cannot say beside the text, which has `null` in its place: `b` bytes, `f` a number that is not finite, `n` a bigint, `t`
 * a long text.
 */
export const special = (walk: OutWalk, kind: 'n' | 'b' | 'f' | 't', text: string): string => {
  const { specials } = walk;
  const entry = `[[${pathTo(walk.open)}],"${kind}",${text}]`;
  spend(walk, entry.length);
  specials[specials.length] = entry;
  return 'null';
};

export const bytesSpecial = (walk: OutWalk, bytes: Uint8Array<ArrayBuffer>): string => {
  const { chunks } = walk;
  const length = typedArrayBytes(bytes);
  spend(walk, length);
  chunks[chunks.length] = bytes;
  walk.byteCount += length;
  return special(walk, 'b', `[${walk.byteCount - length},${length}]`);
};

export const longSpecial = (walk: OutWalk, text: string): string => {
  spend(walk, text.length + 2);
  const from = walk.long.length;
  walk.long += text;
  return special(walk, 't', `[${from},${text.length}]`);
};

/** All that was noted, as the inside of a JSON list. */
export const specialsText = ({ specials }: OutWalk): string => {
  let text = '';
  for (let index = 0; index < specials.length; index++) text += `${index > 0 ? ',' : ''}${specials[index]}`;
  return text;
};

/** The bytes of all of them. */
export const joinedBytes = ({ chunks, byteCount }: OutWalk): ArrayBuffer | undefined => {
  if (chunks.length === 0) return undefined;
  const whole = new Bytes(byteCount);
  let at = 0;
  for (let index = 0; index < chunks.length; index++) {
    const chunk = chunks[index] as Uint8Array<ArrayBuffer>; // within its length
    bytesSet(whole, chunk, at);
    at += typedArrayBytes(chunk);
  }
  return typedArrayBuffer(whole);
};
