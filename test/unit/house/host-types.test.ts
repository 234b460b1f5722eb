import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { HOST_TYPES } from '../../../runtime/build/templates/host-types.ts';

/** Declarations alone: no comment lines, and no version in the name of an interface. */
const declarationsOf = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('//'))
    .join('\n')
    .replaceAll(/(?<=declare module '[^'@]+)@[\d.]+/g, '')
    .trim();

test('the types that a new tool gets are those that the tools of this tree are checked with', async () => {
  const own = await readFile(new URL('../../../guest-tools/host.d.ts', import.meta.url), 'utf8');
  expect(declarationsOf(HOST_TYPES)).toBe(declarationsOf(own));
});
