import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

const URLS: readonly (readonly [string, string?])[] = [
  ['https://user:pass@example.com:8080/a/b/../c?x=1&y=2#frag'],
  ['../x', 'https://example.com/a/b/c'],
  ['//other.org/p', 'http://h/'],
  ['HTTP://EXAMPLE.com:80/%7Efoo/%zz'],
  ['http://0x7f.1/'],
  ['http://[::1]:3000/'],
  ['https://münchen.example/ü?ü#ü'],
  ['mailto:a@b.c'],
  ['data:text/plain,hi there'],
  ['file:///a/../b'],
  ['https://example.com?'],
  ['nope'],
  ['http://'],
  ['http://a b/'],
  ['', 'https://example.com/x'],
];
const FIELDS = [
  'href',
  'origin',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const;

describe('URL', () => {
  test('parses as the host does', async () => {
    const expected = URLS.map(([input, base]) => {
      try {
        const url = new URL(input, base);
        return FIELDS.map((field) => url[field]);
      } catch (error) {
        return (error as Error).name;
      }
    });
    const { value } = await runJs(
      'urls.map(([input, base]) => { try { const url = new URL(input, base); return fields.map((f) => url[f]); } catch (e) { return e.name; } })',
      { spec: { inputs: { urls: URLS.map((pair) => [...pair] as string[]), fields: [...FIELDS] } } },
    );
    expect(value).toEqual(expected);
  });

  test('setters, canParse(), parse() and toJSON()', async () => {
    const { value } = await runJs(`
      const url = new URL('https://a.b/c');
      url.port = '99'; url.pathname = '/x y'; url.search = 'q=1'; url.hash = 'h'; url.username = 'me'; url.protocol = 'http';
      url.port = 'nonsense';
      [url.href, URL.canParse('nope'), URL.parse('nope'), URL.parse('http://x/').href, JSON.stringify({ url }), String(url), url.constructor.name]`);
    expect(value).toEqual([
      'http://me@a.b:99/x%20y?q=1#h',
      false,
      null,
      'http://x/',
      '{"url":"http://me@a.b:99/x%20y?q=1#h"}',
      'http://me@a.b:99/x%20y?q=1#h',
      'URL',
    ]);
  });

  test('searchParams and search follow each other', async () => {
    const { value } = await runJs(`
      const url = new URL('https://a.b/?x=1');
      const params = url.searchParams;
      params.append('y', 'a b&c');
      const first = url.href;
      url.search = '?z=9';
      [first, [...params], params === url.searchParams]`);
    expect(value).toEqual(['https://a.b/?x=1&y=a+b%26c', [['z', '9']], true]);
  });

  test("a text that is not a URL is a TypeError with Node's code", async () => {
    const { value } = await runJs(
      "try { new URL('x') } catch (e) { [e.name, e.code, e instanceof TypeError] }",
    );
    expect(value).toEqual(['TypeError', 'ERR_INVALID_URL', true]);
  });
});

describe('URLSearchParams', () => {
  test('agrees with the host', async () => {
    const texts = ['a=1&b=2&a=3', '?x=%F0%9F%98%80+y', '&&a&=b&c==', '%zz=%ff&ok=%41', 'é=ü'];
    const program = (Params: typeof URLSearchParams, list: readonly string[]): unknown =>
      list.map((text) => {
        const params = new Params(text);
        const before = [...params];
        params.set('a', "9!'()~* ");
        params.sort();
        return [
          before,
          params.toString(),
          params.getAll('a'),
          params.get('none'),
          params.has('b'),
          params.size,
          [...params.keys()],
        ];
      });
    const { value } = await runJs(`(${program.toString()})(URLSearchParams, texts)`, {
      spec: { inputs: { texts } },
    });
    expect(value).toEqual(program(URLSearchParams, texts));
  });

  test('takes records, pairs and itself', async () => {
    const { value } = await runJs(
      "[String(new URLSearchParams({ a: 1, b: 'x y' })), String(new URLSearchParams([['a', 'b']])), String(new URLSearchParams(new URLSearchParams('q=1')))]",
    );
    expect(value).toEqual(['a=1&b=x+y', 'a=b', 'q=1']);
  });
});
