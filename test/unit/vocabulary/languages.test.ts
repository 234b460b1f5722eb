import { expect, test } from 'vitest';
import { didYouMeanLanguage } from '../../../runtime/vocabulary/languages.ts';

const KNOWN = ['javascript', 'typescript', 'python', 'shell'];

test.each([
  ['TS', 'ts'],
  ['JS', 'js'],
  ['Python', 'python'],
  ['py3', 'python'],
  ['node', 'javascript'],
  ['tsx', 'typescript'],
  ['zsh', 'shell'],
  ['javascirpt', 'javascript'],
])('%s is near %s', (word, near) => {
  expect(didYouMeanLanguage(word, KNOWN)).toBe(`, did you mean "${near}"?`);
});

test.each(['rust', 'rs', 'go', 'c', 'x'.repeat(1_000_000)])('%# is near none', (word) => {
  expect(didYouMeanLanguage(word, KNOWN)).toBe('');
});

test('what is not there is not meant', () => {
  expect(didYouMeanLanguage('py3', ['javascript'])).toBe('');
});
