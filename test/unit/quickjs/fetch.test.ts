import { describe, expect, test } from 'vitest';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../../runtime/vocabulary/json.ts';
import type { FakeHostOptions } from '../../support/fake-host.ts';
import { runJs } from '../../support/quickjs-for-tests.ts';

interface Server {
  readonly operations: NonNullable<FakeHostOptions['operations']>;
  readonly seen: { args: JsonObject; body: string }[];
  readonly closed: number[];
}

const head = (more: JsonObject = {}): JsonObject => ({
  status: 200,
  statusText: 'OK',
  url: 'http://h/p',
  redirected: false,
  headers: [
    ['Content-Type', 'application/json'],
    ['Set-Cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ],
  ...more,
});

/** An http host that answers `chunks`, streamed when asked. */
function serve(chunks: readonly string[], more: JsonObject = {}): Server {
  const seen: Server['seen'] = [];
  const closed: number[] = [];
  let next = 0;
  const written: string[] = [];
  const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
  return {
    seen,
    closed,
    operations: {
      'http.request': (args, bytes) => {
        seen.push({ args, body: decode(bytes) });
        return { value: head({ body: 5, ...more }) };
      },
      'http.begin': (args) => {
        seen.push({ args, body: '' });
        return { value: { handle: 9 } };
      },
      'http.write': (_args, bytes) => {
        written.push(decode(bytes));
        return {};
      },
      'http.send': () => {
        seen.push({ args: {}, body: written.join('|') });
        return { value: head({ body: 5, ...more }) };
      },
      'http.read': () => {
        const chunk = chunks[next];
        next += 1;
        return chunk === undefined
          ? { value: { done: true } }
          : { value: { done: false }, bytes: new TextEncoder().encode(chunk) };
      },
      'http.close': ({ handle }) => {
        closed.push(Number(handle));
        return {};
      },
    },
  };
}

describe('fetch', () => {
  test('sends method, headers and body, and gives the answer in standard shape', async () => {
    const server = serve(['{"a":', '1}']);
    const { value } = await runJs(
      `const r = await fetch('http://h/p?q=1', { method: 'post', headers: { 'X-A': 'b' }, body: JSON.stringify({ x: 1 }) });
       [r.status, r.ok, r.statusText, r.url, r.headers.get('content-type'), r.headers.getSetCookie(), r.type, r.redirected, r.bodyUsed, await r.json(), r.bodyUsed]`,
      { host: { operations: server.operations } },
    );
    expect(value).toEqual([
      200,
      true,
      'OK',
      'http://h/p',
      'application/json',
      ['a=1', 'b=2'],
      'basic',
      false,
      false,
      { a: 1 },
      true,
    ]);
    expect(server.seen).toEqual([
      {
        args: {
          url: 'http://h/p?q=1',
          method: 'POST',
          headers: [
            ['content-type', 'text/plain;charset=UTF-8'],
            ['x-a', 'b'],
          ],
          redirect: 'follow',
          stream: true,
        },
        body: '{"x":1}',
      },
    ]);
  });

  test.each([
    ['text()', '"he" + "llo"', 'await r.text()', 'hello'],
    ['bytes()', '', '[...(await r.bytes())].length', 5],
    ['arrayBuffer()', '', '(await r.arrayBuffer()).byteLength', 5],
    ['blob()', '', '[(await r.blob()).type, r.bodyUsed]', ['application/json', true]],
    [
      'getReader()',
      '',
      'const out = []; const reader = r.body.getReader(); for (;;) { const { done, value } = await reader.read(); if (done) break; out.push(value.length) } out',
      [2, 3],
    ],
    [
      'for await',
      '',
      'const out = []; for await (const chunk of r.body) out.push(new TextDecoder().decode(chunk)); out',
      ['he', 'llo'],
    ],
    [
      'clone()',
      '',
      'const c = r.clone(); [await r.text(), await c.text(), c.status]',
      ['hello', 'hello', 200],
    ],
    ['a second read', '', 'await r.text(); try { await r.text() } catch (e) { e.name }', 'TypeError'],
  ])('the body by %s', async (_name, _note, code, expected) => {
    const server = serve(['he', 'llo']);
    const { value } = await runJs(`const r = await fetch('http://h/'); ${code}`, {
      host: { operations: server.operations },
    });
    expect(value).toEqual(expected);
  });

  test('bodies bring their content types', async () => {
    const server = serve([]);
    await runJs(
      `const form = new FormData(); form.append('f', new File(['data'], 'n"m.txt', { type: 'text/x' })); form.append('k', 'v');
       for (const body of [new URLSearchParams({ a: '1 2' }), form, new Blob(['b'], { type: 'x/y' }), new Uint8Array([65])]) await fetch('http://h/', { method: 'PUT', body });`,
      { host: { operations: server.operations } },
    );
    const types = server.seen.map(({ args }) => ((args.headers ?? []) as [string, string][])[0]?.[1] ?? '');
    expect(types.map((type) => type.replace(/boundary=.*/, 'boundary'))).toEqual([
      'application/x-www-form-urlencoded;charset=UTF-8',
      'multipart/form-data; boundary',
      'x/y',
      '',
    ]);
    const boundary = types[1]?.split('boundary=')[1];
    expect(server.seen.map(({ body }) => body)).toEqual([
      'a=1+2',
      `--${boundary}\r\nContent-Disposition: form-data; name="f"; filename="n%22m.txt"\r\nContent-Type: text/x\r\n\r\ndata\r\n--${boundary}\r\nContent-Disposition: form-data; name="k"\r\n\r\nv\r\n--${boundary}--\r\n`,
      'b',
      'A',
    ]);
  });

  test('a streamed or large request body goes in pieces', async () => {
    const server = serve(['ok']);
    const { value } = await runJs(
      `const body = new ReadableStream({ start(c) { c.enqueue(new Uint8Array([65])); c.enqueue(new Uint8Array([66, 67])); c.close() } });
       await (await fetch('http://h/', { method: 'POST', body, duplex: 'half' })).text()`,
      { host: { operations: server.operations } },
    );
    expect(value).toBe('ok');
    expect(server.seen.at(-1)?.body).toBe('A|BC');
    const large = serve([]);
    await runJs("await fetch('http://h/', { method: 'POST', body: 'x'.repeat(3000) })", {
      host: { operations: large.operations },
      limits: { hostCallBytes: 2048 },
    });
    expect(large.seen.at(-1)?.body).toBe(['x'.repeat(1024), 'x'.repeat(1024), 'x'.repeat(952)].join('|'));
  });

  test('an aborted fetch rejects with the reason; an aborted body is closed', async () => {
    const server = serve(['he', 'llo']);
    const { value } = await runJs(
      `const c = new AbortController(); const early = AbortSignal.abort(); const seen = [];
       try { await fetch('http://h/', { signal: early }) } catch (e) { seen.push(e.name) }
       const r = await fetch('http://h/', { signal: c.signal }); c.abort();
       try { await r.text() } catch (e) { seen.push(e.name) } seen`,
      { host: { operations: server.operations } },
    );
    expect(value).toEqual(['AbortError', 'AbortError']);
    expect(server.closed).toEqual([5]);
    expect(server.seen.length).toBe(1);
  });

  test('a failed connection is the standard TypeError and stands for the refusal', async () => {
    const operations = {
      'http.request': (): never => {
        throw new SandglassError('HOST_CALL_FAILED', 'Cannot reach http://h: connection refused', {
          details: { reason: 'connect' },
        });
      },
    };
    const { value } = await runJs(
      "try { await fetch('http://h/') } catch (e) { [e.name, e.message, e.cause.code] }",
      { host: { operations } },
    );
    expect(value).toEqual([
      'TypeError',
      'fetch failed: Cannot reach http://h: connection refused',
      'HOST_CALL_FAILED',
    ]);
    expect((await runJs("await fetch('http://h/')", { host: { operations } })).result).toMatchObject({
      kind: 'threw',
      refusalId: 1,
    });
  });

  test('Request, Response and Headers keep the rules', async () => {
    const { value } = await runJs(`
      const name = (f) => { try { f(); return 'ok' } catch (e) { return e.name } };
      const h = new Headers([['B', '1'], ['a', ' x '], ['b', '2']]); h.delete('none');
      const r = Response.json({ x: 1 }, { status: 201 }); const q = new Request('http://h/a', { method: 'patch', headers: h, body: 'z' });
      [[...h], h.has('A'), r.status, r.headers.get('content-type'), await r.text(), q.method, q.url, await q.clone().text(), await q.text(),
       name(() => new Headers({ 'a b': '1' })), name(() => new Headers({ a: '1\\r\\nx: y' })), name(() => new Request('/rel')), name(() => new Request('http://h', { body: 'x' })), name(() => new Response('x', { status: 204 })), name(() => new Response('x', { status: 99 })),
       (await new Response(new URLSearchParams('a=1&b=2')).formData()).get('b')]`);
    expect(value).toEqual([
      [
        ['a', 'x'],
        ['b', '1, 2'],
      ],
      true,
      201,
      'application/json',
      '{"x":1}',
      'PATCH',
      'http://h/a',
      'z',
      'z',
      'TypeError',
      'TypeError',
      'TypeError',
      'TypeError',
      'TypeError',
      'RangeError',
      '2',
    ]);
  });
});

describe('answers without a body, and requests given up', () => {
  const answer = (status: number) => ({
    host: {
      operations: {
        'http.request': () => ({
          value: { status, statusText: '', url: 'http://a/', redirected: false, headers: [], body: 7 },
        }),
        'http.close': () => ({ value: null }),
        'http.read': () => ({ value: { done: true } }),
      },
    },
  });
  test.each([204, 205, 304])('status %i has a null body, and its handle is closed', async (status) => {
    const { value, host } = await runJs(
      `const r = await fetch('http://a/'); [r.status, r.ok, r.body, await r.text()]`,
      answer(status),
    );
    expect(value).toEqual([status, status < 300, null, '']);
    expect(host.calls.map(({ operation }) => operation)).toEqual(['http.request', 'http.close']);
  });

  test('an aborted request is ended at the host by the number it was made with', async () => {
    const { value, host } = await runJs(
      `const stop = new AbortController(); const asked = fetch('http://a/', { signal: AbortSignal.any([stop.signal]) }).catch((e) => e.name); for (let i = 0; i < 50; i++) await null; stop.abort(); await asked`,
      answer(200),
    );
    expect(value).toBe('AbortError');
    const [request, close] = host.calls;
    expect(request?.args).toMatchObject({ request: 1 });
    expect(close).toEqual({ operation: 'http.close', args: { request: 1 } });
  });
});
