import { inner } from '../inner.ts';

const HEADS: Readonly<Record<string, string>> = {
  strictEqual: 'Expected values to be strictly equal:',
  deepStrictEqual: 'Expected values to be strictly deep-equal:',
  deepEqual: 'Expected values to be loosely deep-equal:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  partialDeepStrictEqual: 'Expected values to be partially and strictly deep-equal:',
};

/** A value with a line for each of its parts, so that lines can be compared. */
export const show = (value: unknown): string =>
  inner.inspect(value, {
    compact: false,
    customInspect: false,
    depth: 1000,
    maxArrayLength: null,
    breakLength: Number.POSITIVE_INFINITY,
    sorted: true,
    getters: true,
  });

/** Both single lines together, without the quotes of texts, up to which they are shown side by side. */
const MOST_SHORT = 12;
/** Both single lines together, from which the place of the first difference is not marked any more. */
const MOST_MARKED = 80;

const quotes = (value: unknown): number => (typeof value === 'string' ? 2 : 0);
const isObject = (value: unknown): boolean => typeof value === 'object';

/** What an assertion says that has no message of its own; with one, what it says below it. */
export const describe = (
  operator: string | undefined,
  actual: unknown,
  expected: unknown,
  message?: string,
): string => {
  const [a, b] = [show(actual), show(expected)];
  const head = message ?? HEADS[operator ?? ''];
  if (operator === 'deepEqual') return `${head}\n\n${a}\n\nshould loosely deep-equal\n\n${b}`;
  if (head === undefined) return `${a} ${operator ?? ''} ${b}`;
  if (operator?.startsWith('not')) {
    const same =
      operator === 'notStrictEqual' && (isObject(actual) || typeof actual === 'function') && actual !== null;
    const told = same ? 'Expected "actual" not to be reference-equal to "expected":' : head;
    if (!b.includes('\n')) return `${told} ${b}`;
    return operator === 'notDeepEqual' ? `${told}\n\n${b}` : `${told}\n\n${b}\n`;
  }
  if (operator === 'strictEqual' && a === b && isObject(actual) && message === undefined)
    return `Values have same structure but are not reference-equal:\n\n${a}\n`;
  const single = !a.includes('\n') && !b.includes('\n');
  const short = a.length + b.length - quotes(actual) - quotes(expected) <= MOST_SHORT;
  const zeros = actual === 0 && expected === 0;
  if (single && short && !zeros && a !== b && !isObject(actual) && !isObject(expected))
    return `${head}\n\n${a} !== ${b}\n`;
  const { text, skipped } = difference(a.split('\n'), b.split('\n'));
  const mark = single && a.length + b.length < MOST_MARKED ? markAt(a, b) : '';
  return `${head}\n+ actual - expected${skipped ? '\n... Skipped lines' : ''}\n\n${text}${mark}\n`;
};

const markAt = (a: string, b: string): string => {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at > 2 ? `\n${' '.repeat(at + 2)}^` : '';
};

/** Equal lines in a row that are shown; of more, the last one is. */
const MOST_EQUAL = 5;

/** Of both texts: 0, of the first alone: 1, of the second alone: -1. */
export type Line = readonly [side: 0 | 1 | -1, text: string];

/** Lines of both, and of each alone; found by the longest common run of lines. */
export const compared = (a: readonly string[], b: readonly string[]): Line[] => {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] as number) + 1
          : Math.max(common[(i + 1) * width + j] as number, common[i * width + j + 1] as number);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push([0, a[i] as string]); // within its length
      i += 1;
      j += 1;
    } else if (
      j >= b.length ||
      (i < a.length && (common[(i + 1) * width + j] as number) >= (common[i * width + j + 1] as number))
    ) {
      lines.push([1, a[i] as string]); // within its length
      i += 1;
    } else {
      lines.push([-1, b[j] as string]); // within its length
      j += 1;
    }
  }
  return lines;
};

/** Lines up to whose product texts are compared: of longer ones all of both is shown. */
const MOST_COMPARED = 250_000;
const MARKS = { 0: '  ', 1: '+ ', '-1': '- ' } as const;

/** Lines of both, those that one alone has marked. */
const difference = (
  a: readonly string[],
  b: readonly string[],
): { readonly text: string; readonly skipped: boolean } => {
  const marked = ([side, text]: Line): string => MARKS[side] + text;
  if (a.length * b.length <= MOST_COMPARED) return collapsed(compared(a, b).map(marked));
  return {
    text: [...a.map((line) => `+ ${line}`), ...b.map((line) => `- ${line}`)].join('\n'),
    skipped: false,
  };
};

const collapsed = (lines: readonly string[]): { readonly text: string; readonly skipped: boolean } => {
  const shown: string[] = [];
  let skipped = false;
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && lines[end]?.startsWith('  ')) end += 1;
    const equal = lines.slice(at, end);
    const tooMany = equal.length > MOST_EQUAL + 2;
    if (tooMany) {
      shown.push(...equal.slice(0, MOST_EQUAL));
      if (end < lines.length) shown.push('...', equal.at(-1) as string); // it has more than five
      skipped ||= end < lines.length;
    } else shown.push(...equal);
    if (end < lines.length) shown.push(lines[end] as string); // within its length
    at = end + 1;
  }
  return { text: shown.join('\n').trimEnd(), skipped };
};
