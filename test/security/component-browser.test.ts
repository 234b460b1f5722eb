import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BrowserGrant, createRuntime, type Runtime } from '../../runtime/index.ts';
import { browserGuest } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

verifies('BR-08', 'PM-04');

let runtime: Runtime;
let server: Server;
let module: Uint8Array<ArrayBuffer>;
let origin = '';
const seen: string[] = [];
beforeAll(async () => {
  module = await browserGuest();
  server = createServer((request, response) => {
    seen.push(request.url ?? '');
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(
        '<title>Shop</title><h1>Shop</h1><a href="/one">One</a><form action="/sent"><input name="q"></form>',
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  runtime = createRuntime({ browser: { driver: 'http' }, limits: { timeoutMs: 120_000 } });
}, 300_000);
afterAll(async () => {
  await runtime.close();
  server.closeAllConnections();
  server.close();
});

const ask = async (
  calls: readonly (readonly unknown[])[],
  browser: BrowserGrant | undefined,
  level: 'minimal' | 'standard' = 'standard',
) => {
  const outcome = await runtime.run({
    module,
    invoke: 'invoke',
    args: [JSON.stringify(calls)],
    grant: browser === undefined ? {} : { browser },
    level,
  });
  return outcome.ok ? (JSON.parse(String(outcome.value)) as readonly unknown[]) : outcome.error; // as the guest answers
};
const denied = (capability: string) => ({
  error: { code: 'CAPABILITY_DENIED', message: expect.stringContaining(capability) },
});

test.each(['minimal', 'standard'] as const)(
  'a component opens, reads, fills and clicks, at %s',
  async (level) => {
    const answers = await ask(
      [
        ['navigate', `${origin}/`],
        [
          'extract',
          [
            ['title', 'h1'],
            ['links', 'a[href]'],
            ['none', '.none'],
          ],
        ],
        ['snapshot', '{}'],
        ['fillForm', '{"data":{"q":"a b"},"submit":true}'],
        ['click', '{"selector":"a"}'],
        ['tabs', '{}'],
        ['download', JSON.stringify({ url: `${origin}/file` })],
        ['screenshot', '{}'],
        ['close', '{}'],
        ['click', '[]'],
        ['click', 'no json'],
        ['click', '{"selector":1}'],
      ],
      {
        origins: [origin],
        actions: ['navigate', 'extract', 'interact', 'screenshot'],
        maxDownloadBytes: 1_000,
      },
      level,
    );
    expect(answers).toMatchObject([
      { url: `${origin}/`, title: 'Shop' },
      [
        ['title', ['Shop']],
        ['links', [`${origin}/one`]],
        ['none', []],
      ],
      expect.stringContaining('link \\"One\\"'),
      expect.stringContaining('/sent?q=a+b'),
      expect.stringContaining('/one'),
      expect.stringContaining('"current":true'),
      expect.stringContaining('"filename":"file"'),
      { error: { code: 'UNSUPPORTED' } },
      '{"closed":true}',
      { error: { code: 'INPUT_INVALID', message: 'Cannot read "args": it is not a JSON object' } },
      { error: { code: 'INPUT_INVALID' } },
      { error: { code: 'INPUT_INVALID' } },
    ]);
  },
);

test('a component has of a browser what its grant has, and reaches nothing else by it', async () => {
  seen.length = 0;
  const calls = [
    ['navigate', `${origin}/`],
    ['extract', [['a', 'a']]],
    ['click', '{"selector":"a"}'],
    ['screenshot', '{}'],
    ['pdf', '{}'],
    ['download', JSON.stringify({ url: `${origin}/file` })],
  ];
  const verdicts = ['navigate', 'extract', 'interact', 'screenshot', 'screenshot', 'extract'];
  expect(await ask(calls, undefined)).toMatchObject(verdicts.map((verb) => denied(`browser.${verb}`)));
  expect(seen).toEqual([]);
  expect(
    await ask(
      [
        ['extract', [['a', 'a']]],
        ['navigate', 'file:///etc/passwd'],
        ['navigate', 'http://169.254.169.254/'],
        ['navigate', `${origin.replace(/\d+$/, '1')}/`],
        ['navigate', `${origin}/`],
        ['download', JSON.stringify({ url: `${origin}/file` })],
      ],
      { origins: [origin], actions: ['navigate'] },
    ),
  ).toMatchObject([
    denied('browser.extract'),
    { error: { code: 'CAPABILITY_DENIED' } },
    { error: { code: 'CAPABILITY_DENIED' } },
    { error: { code: 'CAPABILITY_DENIED' } },
    { title: 'Shop' },
    denied('browser.extract'),
  ]);
  expect(seen).toEqual(['/']);
});
