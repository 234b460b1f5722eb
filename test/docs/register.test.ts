import { describe, expect, test } from 'vitest';
import { GUIDES, readDocument } from './documents.ts';
import { paragraphsOf, STUMBLES, sentencesOf, wordsOf } from './register.ts';

describe.each(GUIDES)('%s', (page) => {
  const paragraphs = paragraphsOf(readDocument(page));

  test('has sentences of at most 25 words', () => {
    const long = paragraphs.flatMap(({ line, text }) =>
      sentencesOf(text)
        .filter((sentence) => wordsOf(sentence) > 25)
        .map((sentence) => `${line}: ${sentence}`),
    );
    expect(long).toEqual([]);
  });

  test('has paragraphs of at most three sentences', () => {
    const long = paragraphs.filter(({ text }) => sentencesOf(text).length > 3);
    expect(long.map(({ line, text }) => `${line}: ${text}`)).toEqual([]);
  });

  test('has none of the turns that make a reader stop', () => {
    const prose = readDocument(page)
      .replaceAll(/```[\s\S]*?```/g, '')
      .replaceAll(/`[^`]*`/g, 'CODE');
    expect(STUMBLES.flatMap((turn) => turn.exec(prose)?.[0] ?? [])).toEqual([]);
  });
});
