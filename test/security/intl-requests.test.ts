import { expect, test } from 'vitest';
import { createIntl } from '../../runtime/engines/quickjs/intl-primitive.ts';
import { verifies } from '../support/verifies.ts';

verifies('XT-13');

const ask = (request: object): string => createIntl()(JSON.stringify(request));
const segment = (text: string): string => ask({ kind: 'Segmenter', method: 'segment', args: [text] });

test('segments of a long text do not hold that text each', () => {
  const text = 'a'.repeat(30_000);
  const answer = segment(text);
  expect(answer.length).toBeLessThan(60 * text.length);
  const { value } = JSON.parse(answer) as { readonly value: readonly object[] };
  expect(value).toHaveLength(text.length);
  expect(value[7]).toEqual({ segment: 'a', index: 7 });
});

test('segments of a short text name it, as the language says', () => {
  expect(JSON.parse(segment('ab'))).toEqual({
    value: [
      { segment: 'a', index: 0, input: 'ab' },
      { segment: 'b', index: 1, input: 'ab' },
    ],
  });
});

test.each([
  ['a text of 131,073 characters', segment('a'.repeat(131_073)), /over 131072 characters/],
  [
    'a number of 20,001 digits',
    ask({ kind: 'NumberFormat', method: 'format', args: [{ $bigint: '9'.repeat(20_001) }] }),
    /over 20000 digits/,
  ],
  [
    'a request of a megabyte',
    ask({ kind: 'Collator', method: 'compare', args: ['a'.repeat(1_048_577)] }),
    /over 1048576/,
  ],
])('%s is refused before ICU sees it', (_name, answer, reason) => {
  expect(JSON.parse(answer)).toEqual({ error: ['RangeError', expect.stringMatching(reason)] });
});
