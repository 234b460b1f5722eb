import { decodeUtf8, encodeUtf8 } from './encoding.ts';
import { Bytes, bytesSubarray, typedArrayBytes } from './primordials.ts';

type Data = Uint8Array<ArrayBuffer>;

interface Part {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string;
  readonly bytes: Data;
}

const find = (bytes: Data, wanted: Data, from: number): number => {
  const last = typedArrayBytes(bytes) - typedArrayBytes(wanted);
  const first = wanted[0] as number; // a boundary has at least its two dashes
  for (let at = bytes.indexOf(first, from); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    let same = 1;
    while (same < typedArrayBytes(wanted) && bytes[at + same] === wanted[same]) same += 1;
    if (same === typedArrayBytes(wanted)) return at;
  }
  return -1;
};

const malformed = (): TypeError => new TypeError('Cannot read the body as a form: it is not well formed');

const unescaped = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%22', '"');

/** The parts of a `multipart/form-data` body, in their order. @throws {TypeError} when it is none. */
export const readMultipart = (bytes: Data, boundary: string): readonly Part[] => {
  const parts: Part[] = [];
  const mark = encodeUtf8(`--${boundary}`);
  const headEnd = encodeUtf8('\r\n\r\n');
  const lineMark = encodeUtf8(`\r\n--${boundary}`);
  let at = find(bytes, mark, 0);
  if (at < 0) throw malformed();
  at += typedArrayBytes(mark);
  for (;;) {
    if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return parts;
    const start = find(bytes, headEnd, at);
    const end = start < 0 ? -1 : find(bytes, lineMark, start + 2);
    if (end < 0) throw malformed();
    const head = decodeUtf8(new Bytes(bytesSubarray(bytes, at, start)));
    const disposition = /^content-disposition:\s*form-data(.*)$/im.exec(head)?.[1];
    const name = /;\s*name="([^"]*)"/i.exec(disposition ?? '')?.[1];
    if (name === undefined) throw malformed();
    const filename = /;\s*filename="([^"]*)"/i.exec(disposition ?? '')?.[1];
    parts.push({
      name: unescaped(name),
      filename: filename === undefined ? undefined : unescaped(filename),
      type: /^content-type:\s*(.*?)\s*$/im.exec(head)?.[1] ?? 'text/plain',
      bytes: new Bytes(bytesSubarray(bytes, Math.min(start + typedArrayBytes(headEnd), end), end)),
    });
    at = end + typedArrayBytes(lineMark);
  }
};
