/** Begins a function or a type, in the languages that agents read most. */
const SIGNATURE =
  /^\s*(?:(?:export|default|async|public|private|protected|static|pub|final|override|abstract) )*(?:function\*?|def|fn|func|class|interface|impl|struct|trait|enum|type) ?[\w$<(]/;

const CLOSING = /^\s*[}\])]+[;,)]*\s*$/;

/** Characters of a line that are looked at. */
const MOST_LOOKED_AT = 400;

/** Code with the first and last line of each function or type, and as many of the lines after the first as fit; `undefined` for what is not code. */
export function shortenCode(text: string, maxChars: number): string | undefined {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, index) =>
    SIGNATURE.test(line.slice(0, MOST_LOOKED_AT)) ? [index] : [],
  );
  if (starts.length < 2 || starts.length > lines.length / 2) return undefined;
  const framed = frameOf(lines, starts);
  if (render(lines, framed).length > maxChars) return undefined;
  // More of each body, evenly, as long as it fits.
  let best = framed;
  for (let more = 1; more <= 256; more *= 2) {
    const wider = new Set(framed);
    for (const start of starts) for (let line = start; line <= start + more; line++) wider.add(line);
    if (render(lines, wider).length > maxChars) break;
    best = wider;
  }
  return render(lines, best);
}

/** Signatures, and the line that closes each. */
function frameOf(lines: readonly string[], starts: readonly number[]): ReadonlySet<number> {
  const framed = new Set(starts);
  for (const [position, start] of starts.entries()) {
    const end = starts[position + 1] ?? lines.length;
    const indent = indentOf(lines[start] ?? '');
    let last = start;
    for (let line = start + 1; line < end; line++) {
      const text = lines[line] ?? '';
      if (text.trim() === '') continue;
      if (CLOSING.test(text.slice(0, MOST_LOOKED_AT)) && indentOf(text) === indent) {
        last = line;
        break;
      }
      if (indentOf(text) > indent) last = line; // what a language without brackets ends with
    }
    framed.add(last);
  }
  return framed;
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

function render(lines: readonly string[], kept: ReadonlySet<number>): string {
  const out: string[] = [];
  let skipped = 0;
  const flush = (): void => {
    if (skipped > 0) out.push(`… [${skipped} lines]`);
    skipped = 0;
  };
  for (const [index, line] of lines.entries()) {
    if (!kept.has(index)) skipped += 1;
    else {
      flush();
      out.push(line);
    }
  }
  flush();
  return out.join('\n');
}
