import { expect, test } from 'vitest';
import { fromPayload, type QueuedRun, toPayload } from '../../../runtime/work/run-payload.ts';

const BYTES = Uint8Array.from({ length: 300 }, (_, index) => index % 256);

test.each<[string, QueuedRun]>([
  ['a script', { language: 'javascript', code: '1', inputs: { a: [1, null] }, limits: { fuel: 7 } }],
  ['text on stdin', { language: 'javascript', code: '1', stdin: 'text' }],
  [
    'a value on stdin that looks like bytes',
    { language: 'javascript', code: '1', stdin: { $bytes: 'AA==' } },
  ],
  ['bytes on stdin', { language: 'javascript', code: '1', stdin: BYTES }],
  ['no bytes on stdin', { language: 'javascript', code: '1', stdin: new Uint8Array() }],
  ['files', { language: 'python', code: '1', files: { 'a.txt': 'text', 'b.bin': BYTES }, collect: ['*'] }],
])('a queued run with %s is JSON, and the same when it is read', (_name, run) => {
  const payload = toPayload('run-1', run, { module: 'hash', session: 'key' });
  const read = fromPayload(JSON.parse(JSON.stringify(payload)));
  expect(read).toEqual({ runId: 'run-1', run, module: 'hash', session: 'key' });
});

test('what nobody named is not there', () => {
  const payload = toPayload('run-1', { language: 'javascript', code: '1' }, {});
  expect(Object.keys(payload)).toEqual(['runId', 'options', 'bytes']);
  expect(fromPayload(payload)).toMatchObject({ module: undefined, session: undefined });
});

test.each([null, 1, [], {}, { runId: 'r' }, { runId: 'r', options: [], bytes: {} }])(
  'fromPayload(%j) is a TypeError',
  (payload) => {
    expect(() => fromPayload(payload)).toThrow(TypeError);
  },
);
