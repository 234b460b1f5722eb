import type { Shortening } from '../../vocabulary/manifest.ts';
import { shortenCode } from './shorten-code.ts';
import { shortenJson } from './shorten-json.ts';
import { shortenLog } from './shorten-log.ts';

/** A text of at most so many characters, with a note of what was left out; one that fits stays as it is. */
export function shorten(text: string, strategy: Shortening, maxChars: number): string {
  if (text.length <= maxChars) return text;
  if (strategy === 'end') return keepHead(text, maxChars);
  if (strategy === 'middle') return keepBothEnds(text, maxChars);
  return (
    shortenJson(text, maxChars) ??
    shortenCode(text, maxChars) ??
    shortenLog(text, maxChars) ??
    keepBothEnds(text, maxChars)
  );
}

function keepHead(text: string, maxChars: number): string {
  const head = cutEnd(text, Math.max(0, maxChars - noteFor(text).length));
  return `${head}${note(text.length - head.length, text.length)}`;
}

function keepBothEnds(text: string, maxChars: number): string {
  const room = Math.max(0, maxChars - noteFor(text).length);
  const head = cutEnd(text, Math.ceil(room * 0.6));
  const tail = cutStart(text, room - Math.ceil(room * 0.6));
  return `${head}${note(text.length - head.length - tail.length, text.length)}${tail}`;
}

/** The longest that a note on this text can be. */
const noteFor = (text: string): string => note(text.length, text.length);

const note = (left: number, total: number): string => `\n… [${left} of ${total} characters left out] …\n`;

/** Cuts no character of two units in half. */
const cutEnd = (text: string, length: number): string => {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
};

const cutStart = (text: string, length: number): string => {
  const from = text.length - length;
  const first = text.charCodeAt(from);
  return text.slice(first >= 0xdc00 && first < 0xe000 ? from + 1 : from);
};
