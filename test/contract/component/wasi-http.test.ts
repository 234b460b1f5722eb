import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../runtime/vocabulary/json.ts';
import { fetchGuest } from '../../guests/component/build.ts';
import { runComponent } from '../../guests/component/run-component.ts';

let guest: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  guest = await fetchGuest();
});

const head = (more: JsonObject = {}): JsonObject => ({
  status: 200,
  statusText: 'OK',
  url: 'https://a.example/x',
  redirected: false,
  headers: [['Content-Type', 'text/plain']],
  ...more,
});
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.each(['jspi', 'sync'] as const)('fetch over wasi:http (%s)', (mode) => {
  const run = (
    inputs: JsonObject,
    operations: NonNullable<Parameters<typeof runComponent>[2]>['operations'] = {},
  ) => runComponent(guest, { inputs }, { mode, operations });

  test('sends a request and reads a body that came whole', async () => {
    const { result, host } = await run(
      { url: 'https://a.example/x?y=1', headers: { 'X-One': 'two' } },
      { 'http.request': () => ({ value: head(), bytes: bytesOf('hällo') }) },
    );
    expect(result).toMatchObject({
      kind: 'value',
      value: { status: 200, type: 'text/plain', text: 'hällo' },
    });
    expect(host.calls).toHaveLength(1);
    expect(host.calls[0]).toMatchObject({
      operation: 'http.request',
      args: { url: 'https://a.example/x?y=1', method: 'GET', redirect: 'manual', stream: true },
    });
    expect(JSON.stringify(host.calls[0]?.args)).toContain('["x-one","two"]');
  });

  test('reads a body that comes in pieces, to its end, and closes it', async () => {
    const pieces = ['one ', '', 'two ', 'three'];
    const { result, host } = await run(
      { url: 'http://a.example/' },
      {
        'http.request': () => ({ value: head({ body: 9 }) }),
        'http.read': () => {
          const piece = pieces.shift();
          return { value: { done: piece === undefined }, bytes: bytesOf(piece ?? '') };
        },
        'http.close': () => ({}),
      },
    );
    expect(result).toMatchObject({ kind: 'value', value: { text: 'one two three' } });
    expect(host.calls.at(-1)).toEqual({ operation: 'http.close', args: { handle: 9 } });
  });

  test('sends a body', async () => {
    let sent: Uint8Array | undefined;
    const { result, host } = await run(
      { url: 'https://a.example/', method: 'POST', body: 'grüße', headers: { 'content-type': 'text/plain' } },
      {
        'http.request': (_, bytes) => {
          sent = bytes;
          return { value: head({ status: 201 }), bytes: bytesOf('') };
        },
      },
    );
    expect(result).toMatchObject({ kind: 'value', value: { status: 201 } });
    expect(host.calls[0]).toMatchObject({ args: { method: 'POST' } });
    expect(sent).toEqual(bytesOf('grüße'));
  });

  test('without a grant it fails, and nothing else is called', async () => {
    const { result, host } = await run({ url: 'https://a.example/' });
    expect(result).toMatchObject({ kind: 'threw', payload: { code: 'FETCH' } });
    expect(host.calls.map(({ operation }) => operation)).toEqual(['http.request']);
  });
});
