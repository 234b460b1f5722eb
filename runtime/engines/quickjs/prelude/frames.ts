import { includes, slice } from './primordials.ts';

/** A stack without the prelude's own frames, and without those of a text that is not a file. */
export const guestFrames = (stack: string): string => {
  let text = '';
  let start = 0;
  for (let at = 0; at <= stack.length; at++) {
    if (at < stack.length && stack[at] !== '\n') continue;
    const line = slice(stack, start, at);
    if (line !== '' && !includes(line, '<sandglass>')) text += `${text === '' ? '' : '\n'}${line}`;
    start = at + 1;
  }
  return text;
};
