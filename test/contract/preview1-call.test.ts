import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, defineHostFunction, type RunBase, type Runtime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { verifies } from '../support/verifies.ts';

/** A request as `wit/preview1.h` says it. */
function request(head: unknown, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(typeof head === 'string' ? head : JSON.stringify(head));
  const framed = new Uint8Array(4 + text.byteLength + bytes.byteLength);
  new DataView(framed.buffer).setUint32(0, text.byteLength, true);
  framed.set(text, 4);
  framed.set(bytes, 4 + text.byteLength);
  return framed;
}

/** The JSON of an answer that a guest printed: its length is before it. */
const answerIn = (stdout: string): unknown => JSON.parse(stdout.slice(stdout.indexOf('{')));

const echo = defineHostFunction({
  name: 'echo',
  operations: { say: { call: ({ text }) => ({ text: text ?? null }) } },
  example: true,
});

let runtime: Runtime;
let module: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  runtime = createRuntime({ hostFunctions: [echo] });
  module = await loadGuest('preview1/own-call.wat');
});
afterAll(() => runtime.close());

describe.each(['minimal', 'standard'] as const)(
  'sandglass.call of a module, at level %s',
  verifies('EX-06', 'EX-34'),
  (level) => {
    const run = (stdin: Uint8Array, more: RunBase = {}) => runtime.run({ module, level, stdin, ...more });

    test('reaches the host functions of the grant', async () => {
      const outcome = await run(request({ operation: 'echo.say', args: { text: 'ü' } }), {
        grant: { custom: { echo: true } },
      });
      expect(outcome).toMatchObject({ ok: true, exitCode: 0, usage: { hostCalls: { 'echo.say': 1 } } });
      expect(answerIn(outcome.stdout)).toEqual({ ok: true, value: { text: 'ü' } });
    });

    test('keeps an answer that has no room, and gives it once there is', async () => {
      const text = 'x'.repeat(500);
      const outcome = await run(request({ operation: 'echo.say', args: { text } }), {
        grant: { custom: { echo: true } },
      });
      expect(outcome).toMatchObject({ ok: false, exitCode: 3 });
      expect(answerIn(outcome.stdout)).toEqual({ ok: true, value: { text } });
      expect(outcome.usage.hostCalls).toEqual({ 'echo.say': 1 });
    });

    test('is denied what the grant does not cover, as every call', async () => {
      const outcome = await run(request({ operation: 'echo.say', args: {} }));
      expect(answerIn(outcome.stdout)).toMatchObject({
        ok: false,
        code: 'CAPABILITY_DENIED',
        refusal: expect.any(Number),
        details: { capability: 'echo.say' },
      });
    });

    test('lets a refusal through by its number, and by none that the gate did not give', async () => {
      const forged = await run(request({ operation: 'guest.refused', args: { refusal: 7 } }));
      expect(forged).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    });

    test.each([
      ['no length', new Uint8Array([1]), 'the request has no length'],
      ['a length that is too large', new Uint8Array([9, 0, 0, 0, 1]), 'the request is cut off'],
      ['no JSON', request('{'), 'the request is not JSON'],
      ['another form', request([1]), 'the request is not { operation, args }'],
      [
        'arguments that are a list',
        request({ operation: 'echo.say', args: [] }),
        'the request is not { operation, args }',
      ],
      ['no kept answer', new Uint8Array(), 'no answer is kept'],
    ])('answers a request with %s', async (_what, stdin, reason) => {
      const outcome = await run(stdin);
      expect(answerIn(outcome.stdout)).toEqual({
        ok: false,
        code: 'INPUT_INVALID',
        message: `Cannot call the host: ${reason}`,
      });
    });

    test('what only an interpreter of ours says is an operation like any other', async () => {
      const outcome = await run(request({ operation: 'guest.misfit', args: { reason: 'x' } }));
      expect(answerIn(outcome.stdout)).toMatchObject({ ok: false });
      expect(outcome).toMatchObject({ exitCode: expect.any(Number) });
    });

    test('outside of its memory it traps', async () => {
      expect(await runtime.run({ module, level, invoke: 'outside' })).toMatchObject({
        ok: false,
        error: { code: 'GUEST_TRAPPED', message: expect.stringContaining('not inside its memory') },
      });
    });
  },
);
