/** A fenced block of a document that is marked to be run. */
export interface RunBlock {
  readonly language: 'ts' | 'sh';
  readonly code: string;
  /** Line of its opening fence, from 1. */
  readonly line: number;
  /** What the `text` block right after it says that it prints; `…` stands for anything. */
  readonly prints: string | undefined;
  /** Fails on purpose: the block ends with this exit code. */
  readonly exitCode: number;
}

const FENCE = /^```(\S*) ?(.*)$/;

/** Finds the blocks that are opened by ```` ```ts run ```` or ```` ```sh run ````, with `exit=3` where that is the point. */
export function runBlocks(markdown: string): readonly RunBlock[] {
  const blocks: { info: string; marks: string; line: number; end: number; code: string }[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const [, info, marks] = FENCE.exec(lines[at] ?? '') ?? [];
    if (info === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end === -1) throw new Error(`line ${at + 1}: a fence without an end`);
    blocks.push({
      info,
      marks: marks ?? '',
      line: at + 1,
      end: end + 1,
      code: lines.slice(at + 1, end).join('\n'),
    });
    at = end;
  }
  return blocks.flatMap(({ info, marks, line, end, code }, index) => {
    if ((info !== 'ts' && info !== 'sh') || !/\brun\b/.test(marks)) return [];
    const next = blocks[index + 1];
    const between = next === undefined ? '-' : lines.slice(end, next.line - 1).join('');
    const prints = next?.info === 'text' && between.trim() === '' ? next.code : undefined;
    return [{ language: info, code, line, prints, exitCode: Number(/exit=(\d+)/.exec(marks)?.[1] ?? 0) }];
  });
}

/** `…` stands for any run of characters on a line, and for any lines where it stands alone. */
export function printsPattern(expected: string): RegExp {
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const lines = expected
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '[\\s\\S]*?' : literal(line).replaceAll('…', '.*')));
  return new RegExp(`^\\s*${lines.join('\\n')}\\s*$`);
}
