import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';

export type CodeLanguage = 'typescript' | 'python';

/** How a model writes programs over tools. */
export const HOW_TO_CODE: Readonly<Record<CodeLanguage, string>> = {
  typescript:
    'Runs a TypeScript program in a sandbox. Call the tools below as functions of `tools`, with ' +
    'await; calls that do not depend on each other with Promise.all. The value of the last expression ' +
    'is the answer; console.log shows more.',
  python:
    'Runs a Python program in a sandbox. Call the tools below as functions of `tools`, with keyword ' +
    'arguments. The value of the last expression is the answer; print shows more.',
};

/** Characters of what a program printed that a model reads. */
const MOST_PRINTED = 20_000;

/** What a model reads of a program's end: what it printed, then its value or its error. */
export function codeText({ ok, stdout, value, error }: OutcomeJson): string {
  const printed =
    stdout.length > MOST_PRINTED
      ? `${stdout.slice(0, MOST_PRINTED)}\n… [${stdout.length - MOST_PRINTED} more characters]`
      : stdout;
  const shown = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  const lines =
    ok || error === undefined
      ? [printed, shown]
      : [printed, `${error.code}: ${error.message}`, error.hint ?? ''];
  return lines.filter((line) => line !== '').join('\n');
}
