import { describe, expect, test } from 'vitest';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../../runtime/vocabulary/json.ts';
import type { FakeHostOptions } from '../../support/fake-host.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';

type Operations = NonNullable<FakeHostOptions['operations']>;

/** A host whose server says what `script` has, then closes. */
function serve(
  script: readonly { readonly value: JsonObject; readonly bytes?: Uint8Array }[],
  more: Operations = {},
) {
  const calls: unknown[] = [];
  let next = 0;
  const operations: Operations = {
    'ws.open': (args) => {
      calls.push(['open', args]);
      return { value: { handle: 7, protocol: 'chat' } };
    },
    'ws.send': (args, bytes) => {
      calls.push(['send', args, new TextDecoder().decode(bytes)]);
      return { value: null };
    },
    'ws.receive': () => script[next++] ?? { value: { kind: 'close', code: 1000, reason: 'done' } },
    'ws.close': (args) => {
      calls.push(['close', args]);
      return { value: null };
    },
    ...more,
  };
  return { calls, host: { operations } };
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('WebSocket', () => {
  test('opens, gives messages by their kind, and tells how it ended', async () => {
    const { calls, host } = serve([
      { value: { kind: 'text' }, bytes: encode('héllo') },
      { value: { kind: 'binary' }, bytes: encode('ab') },
    ]);
    const { value } = await runJs(
      `const socket = new WebSocket('https://h/p?q', ['chat', 'other']);
       const seen = [[socket.url, socket.readyState, socket.extensions, socket.binaryType, WebSocket.OPEN, socket.CLOSED]];
       socket.addEventListener('open', () => seen.push(['open', socket.readyState, socket.protocol]));
       socket.onmessage = async ({ data, origin, type }) => seen.push([type, typeof data === 'string' ? data : [data instanceof Blob, await data.text()], origin]);
       await new Promise((resolve) => { socket.onclose = ({ code, reason, wasClean }) => resolve(seen.push(['close', code, reason, wasClean, socket.readyState])); });
       seen`,
      { host },
    );
    expect(value).toEqual([
      ['wss://h/p?q', 0, '', 'blob', 1, 3],
      ['open', 1, 'chat'],
      ['message', 'héllo', 'wss://h'],
      ['message', [true, 'ab'], 'wss://h'],
      ['close', 1000, 'done', true, 3],
    ]);
    expect(calls).toEqual([['open', { url: 'wss://h/p?q', protocols: ['chat', 'other'] }]]);
  });

  test.each([
    ["new WebSocket('nothing')", 'SyntaxError'],
    ["new WebSocket('ftp://h')", 'SyntaxError'],
    ["new WebSocket('ws://h/#x')", 'SyntaxError'],
    ["new WebSocket('ws://h').close(1001)", 'InvalidAccessError'],
    ["new WebSocket('ws://h').close(1000, 'x'.repeat(124))", 'SyntaxError'],
  ])('%s throws %s', async (code, name) => {
    const { value } = await runJs(
      `try { ${code}; } catch (error) { [error.name, error instanceof DOMException]; }`,
      {
        host: serve([]).host,
      },
    );
    expect(value).toEqual([name, true]);
  });

  test('a failure is an error event with the refusal, then a close with 1006', async () => {
    const refused = (): never => {
      throw new SandglassError('HOST_CALL_FAILED', 'Cannot connect', { details: { reason: 'connect' } });
    };
    for (const operation of ['ws.open', 'ws.receive']) {
      const { value } = await runJs(
        `const socket = new WebSocket('ws://h');
         const seen = [];
         socket.onerror = ({ error, message }) => seen.push([error.code, error.details.reason, message]);
         await new Promise((resolve) => { socket.onclose = ({ code, wasClean }) => resolve(seen.push([code, wasClean])); });
         seen`,
        { host: serve([], { [operation]: refused }).host },
      );
      expect(value).toEqual([
        ['HOST_CALL_FAILED', 'connect', expect.any(String)],
        [1006, false],
      ]);
    }
  });
});
