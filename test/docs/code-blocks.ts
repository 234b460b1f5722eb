/** What is done with a block, by the first word of its marks. */
export type Use = 'run' | 'guest' | 'check' | 'install' | 'script' | 'server';

/** A fenced block of a document, in a language that can be run. */
export interface CodeBlock {
  readonly language: 'ts' | 'js' | 'py' | 'sh';
  readonly use: Use | undefined;
  /** All that stands behind the language. */
  readonly marks: string;
  readonly code: string;
  /** Line of its opening fence, from 1. */
  readonly line: number;
  /** What the `text` block right after it says that it prints; `…` stands for anything. */
  readonly prints: string | undefined;
  /** Fails on purpose: the block ends with this exit code. */
  readonly exitCode: number;
  /** Of a `check`: why it is not run. */
  readonly reason: string;
}

const FENCE = /^```(\S*) ?(.*)$/;
const LANGUAGES = ['ts', 'js', 'py', 'sh'] as const;
const USES = ['run', 'guest', 'check', 'install', 'script', 'server'] as const;

/**
 * Finds the blocks of code. The marks behind a language say what is done with it: `ts run` is a program with the package at hand, `js guest` and
 * `py guest` are guests (`data`: with the example data), `sh run` is run in a shell, with `exit=3` where that is the point, `sh server` is run
 * until it answers. A `check` is compiled, or its words are looked at, and says why it is not run; `sh install` sets up, `sh script` names scripts
 * of the package.
 */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
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
    const language = LANGUAGES.find((name) => name === info);
    if (language === undefined) return [];
    const next = blocks[index + 1];
    const between = next === undefined ? '-' : lines.slice(end, next.line - 1).join('');
    const prints = next?.info === 'text' && between.trim() === '' ? next.code : undefined;
    const use = USES.find((word) => word === marks.split(' ')[0]);
    const exitCode = Number(/exit=(\d+)/.exec(marks)?.[1] ?? 0);
    const reason = use === 'check' ? marks.replace(/^check ?(?:browser|workerd)? ?/, '') : '';
    return [{ language, use, marks, code, line, prints, exitCode, reason }];
  });
}

/** The blocks of JSON, which are files. */
export const jsonBlocks = (markdown: string): readonly { readonly line: number; readonly text: string }[] =>
  [...markdown.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((found) => ({
    line: markdown.slice(0, found.index).split('\n').length,
    text: found[1] ?? '',
  }));

/** `…` stands for any run of characters on a line, and for any lines where it stands alone. */
export function printsPattern(expected: string): RegExp {
  const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const lines = expected
    .trim()
    .split('\n')
    .map((line) => (line.trim() === '…' ? '[\\s\\S]*?' : literal(line).replaceAll('…', '.*')));
  return new RegExp(`^\\s*${lines.join('\\n')}\\s*$`);
}
