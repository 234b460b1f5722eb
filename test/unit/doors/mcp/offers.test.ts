import { describe, expect, test } from 'vitest';
import { readOffers } from '../../../../runtime/doors/mcp/offers.ts';
import { readUriTemplate } from '../../../../runtime/doors/mcp/uri-template.ts';

describe('templates of URIs', () => {
  const match = (template: string, uri: string) => {
    const found = readUriTemplate(template, 'try').match(uri);
    return found === undefined ? undefined : { ...found };
  };
  test.each<[string, string, object | undefined]>([
    ['a://{b}/c', 'a://1/c', { b: '1' }],
    ['a://{b}/c', 'a://1/d', undefined],
    ['a://{b}/c', 'a:///c', undefined],
    ['a://{b}/c', 'a://1/2/c', undefined],
    ['a://{b}', 'a://1/2', undefined],
    ['a://{b}?q={q}', 'a://1?q=2%203', { b: '1', q: '2 3' }],
    ['a://{b}', 'a://%zz', undefined],
    ['a://{b}', 'b://x', undefined],
    ['a://{b}', 'a://..%2Fetc', { b: '../etc' }],
  ])('%s and %s', (template, uri, found) => {
    expect(match(template, uri)).toEqual(found);
  });

  test('a long URI is read once, whatever it is', () => {
    expect(match('a://{b}/{c}/{d}/e', `a://${'/'.repeat(100_000)}`)).toBeUndefined();
  });

  test.each([
    'a://b',
    'a://{b}{c}',
    'a://{b}-{c}',
    'a://{+b}',
    'a://{',
    'a://{}',
    'a://{b}.txt',
    '{a}/b',
    'a://{b}/{b}',
  ])('refuses %s', (template) => {
    expect(() => readUriTemplate(template, 'try')).toThrow(RangeError);
  });
});

describe('offers refuse what they cannot serve', () => {
  const get = () => '';
  const read = () => '';
  test.each<[unknown[], unknown[], string]>([
    [[{ name: 'a' }], [], 'get is missing'],
    [[{ name: 'a', gett: get }], [], 'did you mean "get"?'],
    [[{ name: 'a', get, arguments: [{ nam: 'b' }] }], [], 'did you mean "name"?'],
    [
      [
        { name: 'a', get },
        { name: 'a', get },
      ],
      [],
      'two are a',
    ],
    [[], [{ name: 'a', read }], 'either uri or template'],
    [[], [{ name: 'a', uri: 'a://b', template: 'a://{b}', read }], 'either uri or template'],
    [[], [{ name: 'a', uri: 'b', read }], 'uri is not an absolute one'],
    [[], [{ name: 'a', uri: 'sandglass://artifacts/x', read }], 'of the door itself'],
    [[], [{ name: 'a', template: 'a://{b}', read, complete: { c: () => [] } }], 'there is no {c}'],
    [[], [{ name: 'a', template: 'a://{b}', read, watch: () => undefined }], 'watch is of a uri'],
    [
      [],
      [
        { name: 'a', uri: 'a://b', read },
        { name: 'b', uri: 'a://b', read },
      ],
      'two are a://b',
    ],
  ])('%j %j', (prompts, resources, message) => {
    expect(() => readOffers(prompts as never, resources as never)).toThrow(message);
  });
});
