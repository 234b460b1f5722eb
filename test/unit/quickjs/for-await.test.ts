import { describe, expect, test } from 'vitest';
import { waitForReturns } from '../../../runtime/engines/quickjs/for-await.ts';

const loops = (code: string): number => waitForReturns(code).match(/__forAwait\d+=\{\}/g)?.length ?? 0;

describe('waitForReturns()', () => {
  test.each([
    ['for await (const x of xs) { break; }', 1],
    ['for await (const x of xs) if (x) break;', 1],
    ['a: b: for await (const [x, { of }] of xs()) { continue a; }', 1],
    ['switch (k) { case of: for await (x of xs) { break; } default: for await (x.y of xs) { break } }', 2],
    ['for await (const x of xs) { for await (const y of x) { break; } }', 2],
    ['for await (const x of xs) out.push(x)\nmore();', 0],
    ['for await (const x of xs) if (x) a(); else b();', 0],
    ['for await (const x of xs)', 0],
    ['for await (const x of xs) {', 0],
    ['for (const x of xs) { await x; break; }', 0],
    ['`for await (const x of xs) { break; }`', 0],
    ['// for await (const x of xs) { break; }', 0],
  ])('%j has %i loops that are changed', (code, count) => {
    expect(loops(code)).toBe(count);
  });

  test('leaves lines where they are, and a text without such loops as it is', () => {
    const code = 'a();\nfor await (const x\n of xs) {\n b(x);\n}\nc();';
    const changed = waitForReturns(code).split('\n');
    expect(changed.slice(0, 6).map((line) => line.match(/\b[abc]\(/)?.[0])).toEqual(
      code.split('\n').map((line) => line.match(/\b[abc]\(/)?.[0]),
    );
    expect(changed).toHaveLength(6);
    expect(waitForReturns('for (const x of xs) {}')).toBe('for (const x of xs) {}');
  });

  test('looks at each token a bounded number of times, however loops are nested', () => {
    const one = 'for await (const x of xs) { break; }\n';
    expect(loops(one.repeat(5000))).toBe(5000);
    expect(loops(`async () => { for await (const x of xs) {`.repeat(5000))).toBe(0);
    expect(loops('for await ('.repeat(20_000))).toBe(0);
    expect(loops(`${'for await (x of y) {'.repeat(8000)}${'}'.repeat(8000)}`)).toBe(8000);
  });
});
