/** One line, or that there was one over the limit; it is not kept. */
export type Line = { readonly text: string } | { readonly tooLong: true };

const NEWLINE = 0x0a;

/** The lines of a stream, of which no more than one is held. What comes after the last line break is a line, too. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line, void, void> {
  let held: Uint8Array[] = [];
  let length = 0;
  const take = (): Line => {
    const line: Line = length > maxBytes ? { tooLong: true } : { text: textOf(held) };
    held = [];
    length = 0;
    return line;
  };
  const hold = (part: Uint8Array): void => {
    length += part.byteLength;
    if (length > maxBytes) held = [];
    else if (part.byteLength > 0) held.push(part);
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      hold(chunk.subarray(start, at));
      start = at + 1;
      yield take();
    }
    hold(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

function textOf(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return `${parts.map((part) => decoder.decode(part, { stream: true })).join('')}${decoder.decode()}`;
}
