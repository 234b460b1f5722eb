import { defined } from '../../vocabulary/defined.ts';
/** Files of a new tool: path in its folder → text. */
export interface Template {
  readonly name: string;
  readonly summary: string;
  /** What it is built with beside this package; absent: nothing. */
  readonly needs?: string;
  readonly files: (tool: string) => Readonly<Record<string, string>>;
}

/** All templates count the words of a text: whoever knows one can compare the others. */
export const manifestOf = (tool: string, entry?: string): Readonly<Record<string, unknown>> => ({
  name: tool,
  version: '0.1.0',
  description: 'Counts the words of a text',
  ...defined({ entry }),
  input: { text: { type: 'string', description: 'Any text' } },
  output: { type: 'object', properties: { words: { type: 'integer' } }, required: ['words'] },
  examples: [{ input: { text: 'one two  three' }, output: { words: 3 } }],
});

export const manifestText = (tool: string, entry: string): string =>
  `${JSON.stringify(manifestOf(tool, entry), null, 2)}\n`;
