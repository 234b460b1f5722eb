import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type RunOptions, type Runtime } from '../../runtime/index.ts';

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

const LIMITS = { timeoutMs: 120_000 };
const draw = (svg: string, options: Partial<RunOptions> = {}) =>
  runtime.run({
    language: 'javascript',
    code: `const { bytes } = await sandglass.call('picture.png', { svg });
      ({ size: bytes.byteLength, png: String.fromCharCode(...bytes.subarray(1, 4)), bytes: Buffer.from(bytes).toString('base64') })`,
    inputs: { svg },
    limits: LIMITS,
    ...options,
  } as RunOptions);
const expectOk = (outcome: Outcome): unknown => (outcome.ok ? outcome.value : outcome.error);
const svgOf = (inner: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="20">${inner}</svg>`;

describe('a picture that a guest describes', () => {
  test('loads nothing: neither files, nor addresses, nor what another picture names', async () => {
    const plain = expectOk(await draw(svgOf('<rect width="9" height="9"/>')));
    expect(plain).toMatchObject({ png: 'PNG' });
    const inner = Buffer.from(svgOf('<image href="/etc/passwd" width="9" height="9"/>')).toString('base64');
    const hrefs = [
      '/etc/passwd',
      'file:///etc/passwd',
      'http://127.0.0.1:1/x.png',
      `data:image/svg+xml;base64,${inner}`,
    ];
    for (const href of hrefs) {
      const svg = svgOf(`<rect width="9" height="9"/><image href="${href}" width="9" height="9"/>`);
      expect(expectOk(await draw(svg))).toEqual(plain);
    }
    const entity = `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>${svgOf('<text y="9">&x;</text>')}`;
    expect(await draw(entity)).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
  });

  test('has the budget of the run that asks, whatever it is made of', async () => {
    const bombs = [
      Array.from(
        { length: 12 },
        (_, at) => `<g id="a${at}">${`<use xlink:href="#a${at - 1}"/>`.repeat(10)}</g>`,
      ).join(''),
      `<filter id="f"><feGaussianBlur stdDeviation="500"/></filter>${'<rect width="40" height="20" filter="url(#f)"/>'.repeat(50_000)}`,
      '<g>'.repeat(100_000),
    ];
    for (const bomb of bombs) {
      const outcome = await draw(svgOf(bomb), { limits: { ...LIMITS, fuel: 1_000_000_000 } });
      expect([outcome.ok ? 'ok' : outcome.error.code, (outcome.usage.fuel ?? 0) < 2_000_000_000]).toEqual([
        expect.stringMatching(
          /^(?:FUEL_EXHAUSTED|INPUT_INVALID|STACK_EXCEEDED|GUEST_TRAPPED|MEMORY_EXCEEDED)$/,
        ),
        true,
      ]);
    }
    const large = await draw(
      svgOf('').replace('width="40"', 'width="100000"').replace('height="20"', 'height="100000"'),
    );
    expect(large).toMatchObject({
      ok: false,
      error: { code: 'INPUT_INVALID', message: expect.stringContaining('pixels are over') },
    });
  });

  test('is drawn for a caller without any permission, and is nothing to grant', async () => {
    const caller = { id: 'nobody', permissions: [] };
    expect(expectOk(await draw(svgOf('<rect width="9" height="9"/>'), { caller }))).toMatchObject({
      png: 'PNG',
    });
    await expect(async () => draw('', { grant: { custom: { picture: true } } })).rejects.toThrow(
      /need no grant/,
    );
  });

  test('what is no picture is refused with the reason', async () => {
    for (const svg of ['', 'x', '<svg', '<html/>', svgOf('<a:b/>')])
      expect(await draw(svg)).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    const odd = await runtime.run({
      language: 'javascript',
      code: `sandglass.call('picture.png', { svg: 1 })`,
      limits: LIMITS,
    });
    expect(odd).toMatchObject({
      ok: false,
      error: { message: 'Cannot draw the picture: "svg" must be a text' },
    });
  });
});
