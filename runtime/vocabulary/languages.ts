import { didYouMean } from './nearest.ts';

/** Short name → the name that engines know. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['js', 'javascript'],
  ['ts', 'typescript'],
  ['py', 'python'],
  ['sh', 'shell'],
  ['bash', 'shell'],
]);

/** The name that engines know a language by; one that has no short form is answered as it is. */
export const languageName = (name: string): string => SHORT.get(name) ?? name;
/** What people also call them. */
const ALSO: ReadonlyMap<string, string> = new Map([
  ['node', 'javascript'],
  ['nodejs', 'javascript'],
  ['jsx', 'javascript'],
  ['mjs', 'javascript'],
  ['ecmascript', 'javascript'],
  ['tsx', 'typescript'],
  ['mts', 'typescript'],
  ['py3', 'python'],
  ['python3', 'python'],
  ['zsh', 'shell'],
  ['ksh', 'shell'],
  ['dash', 'shell'],
]);

/** `, did you mean "ts"?`, or nothing. @param known The languages that are there. */
export function didYouMeanLanguage(word: string, known: readonly string[]): string {
  const lower = word.slice(0, MOST_LETTERS).toLowerCase();
  const meant = ALSO.get(lower) ?? languageName(lower);
  if (known.includes(meant)) return `, did you mean "${SHORT.has(lower) ? lower : meant}"?`;
  return didYouMean(word, known);
}

/** No name is longer. */
const MOST_LETTERS = 16;
