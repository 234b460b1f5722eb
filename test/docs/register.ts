/** What programs write between their marks is not prose. */
const GENERATED = /<!-- ([\w-]+): begin -->[\s\S]*?<!-- \1: end -->/g;

/** What of a page is read as sentences: no code, tables, headings, comments, pictures; each paragraph and list item by itself. */
export function paragraphsOf(markdown: string): readonly { readonly line: number; readonly text: string }[] {
  const found: { line: number; text: string }[] = [];
  let fence = false;
  let open: { line: number; text: string } | undefined;
  const blank = markdown.replaceAll(GENERATED, (part) => part.replaceAll(/.+/g, ''));
  for (const [index, line] of blank.split('\n').entries()) {
    if (line.startsWith('```')) {
      fence = !fence;
      open = undefined;
    } else if (fence || line.trim() === '' || /^(?:#|\||<!--)/.test(line)) {
      open = undefined;
    } else if (open === undefined || /^\s*(?:[-*]|\d+\.) /.test(line)) {
      open = { line: index + 1, text: line.replace(/^\s*(?:[-*]|\d+\.) /, '') };
      found.push(open);
    } else {
      open.text += ` ${line.trim()}`;
    }
  }
  return found;
}

/** Sentences of a paragraph; what stands in backticks, and the address of a link, counts as one word. */
export function sentencesOf(paragraph: string): readonly string[] {
  const plain = paragraph
    .replaceAll(/`[^`]*`/g, 'CODE')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .replaceAll(/\*\*/g, '');
  return plain
    .split(/(?<=[.!?][)"]?) +(?=[A-Z"([])/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

export const wordsOf = (sentence: string): number =>
  sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** Turns of phrase that make a reader stop. */
export const STUMBLES: readonly RegExp[] = [
  /\bbut for\b/i,
  /\bbeside\b/i,
  /\bwhatever\b[^.]*\bsays\b/i,
  /(?<!\bthere )\bis no(?! longer)\b/i,
  /(?<!\bthere )\bare no\b/i,
  /\bas ever\b/i,
];
