import { beforeAll, expect, test } from 'vitest';
import { buildTool } from '../../scripts/build-tools.ts';
import { runTool } from '../../test/guests/component/run-tool.ts';

beforeAll(async () => {
  await buildTool('fetch-text');
});

const page = (charset: string, bytes: Uint8Array) => ({
  'http.request': () => ({
    value: {
      status: 200,
      statusText: 'OK',
      url: 'https://example.com/a/page',
      redirected: false,
      headers: [['Content-Type', `text/html; charset=${charset}`]],
    },
    bytes,
  }),
});

const HTML = `<!doctype html><title>Caf&eacute; &amp; bar</title><style>p{}</style><body><h1>Menu</h1>
<script>alert(1)</script><p>Cr\u00eape   &#8364;5</p><a href="../b?x=1&amp;y=2">next <b>page</b></a>
<a href="javascript:alert(1)">no</a></body>`;

test('fetch-text answers title, text and absolute links', async () => {
  const bytes = Uint8Array.from(HTML, (char) => char.charCodeAt(0));
  const { result, host } = await runTool(
    'fetch-text',
    { url: 'https://example.com/a/page' },
    page('latin1', bytes),
  );
  expect(result).toMatchObject({
    kind: 'value',
    value: {
      status: 200,
      url: 'https://example.com/a/page',
      encoding: 'windows-1252',
      title: 'Caf&eacute; & bar',
      text: 'Menu\nCr\u00eape \u20ac5\nnext page no',
      truncated: false,
      links: [{ url: 'https://example.com/b?x=1&y=2', text: 'next page' }],
    },
  });
  expect(host.calls).toEqual([
    {
      operation: 'http.request',
      args: {
        method: 'GET',
        url: 'https://example.com/a/page',
        headers: [['accept', 'text/html, text/plain;q=0.9']],
      },
    },
  ]);
});

test('fetch-text cuts the text at maxChars and says so', async () => {
  const bytes = new TextEncoder().encode(`<p>${'x'.repeat(100)}</p>`);
  const { result } = await runTool(
    'fetch-text',
    { url: 'https://example.com/', maxChars: 10 },
    page('utf-8', bytes),
  );
  expect(result).toMatchObject({ value: { text: 'x'.repeat(10), truncated: true } });
});

test('fetch-text answers a malformed address as an error, without a request', async () => {
  const { result, host } = await runTool('fetch-text', { url: 'not an address' }, {});
  expect(result).toMatchObject({ kind: 'threw', payload: { code: 'GUEST_THREW' } });
  expect(host.calls).toEqual([]);
});
