import { beforeAll, expect, test } from 'vitest';
import { openPython, type PythonBench } from '../../support/pyodide-parts.ts';

let python: PythonBench;
beforeAll(async () => {
  python = await openPython();
});

/** As rpds 0.30 answers. */
const ANSWERS = {
  'HashTrieMap({1: 2}).insert(3, 4) == HashTrieMap([(1, 2), (3, 4)])': 'True',
  'HashTrieMap({1: 2}) == {1: 2}': 'False',
  'HashTrieMap({1: 2}).update({3: 4}, a=5)': "HashTrieMap({1: 2, 3: 4, 'a': 5})",
  'HashTrieMap({1: 2}).remove(9)': 'KeyError(9)',
  'HashTrieMap({1: 2}).discard(9)': 'HashTrieMap({1: 2})',
  'HashTrieMap.convert({1: 2}).get(5, "none")': "'none'",
  'hash(HashTrieMap({1: 2})) == hash(HashTrieMap({1: 2}))': 'True',
  'HashTrieSet([1]) | HashTrieSet([1])': 'HashTrieSet({1})',
  'HashTrieSet([1]).insert(1).remove(5)': 'KeyError(5)',
  'List([2, 3]).push_front(1)': 'List([1, 2, 3])',
  'List(1, 2).rest.first': '2',
  'List().drop_first()': "IndexError('empty list has no first element')",
  'list(reversed(List([1, 2])))': '[2, 1]',
  'Queue([1, 2]).enqueue(3).dequeue()': 'Queue([2, 3])',
  'Queue().peek()': "IndexError('peeked an empty queue')",
  'Stack([1, 2]).push(3)': 'Stack([1, 2, 3])',
  'Stack([1, 2]).peek(), list(Stack([1, 2]))': '(2, [2, 1])',
  'pickle.loads(pickle.dumps((List([1]), Stack([1, 2]), Queue([1]), HashTrieSet([1]))))':
    '(List([1]), Stack([1, 2]), Queue([1]), HashTrieSet({1}))',
} as const;

test('rpds without its Rust answers as rpds does', async () => {
  const code = `import pickle
from rpds import *
def answer(text):
    try:
        return repr(eval(text))
    except Exception as error:
        return repr(error)
[answer(text) for text in ${JSON.stringify(Object.keys(ANSWERS))}]`;
  const { result } = await python.run(code);
  expect(result).toMatchObject({ kind: 'value', value: Object.values(ANSWERS) });
});
