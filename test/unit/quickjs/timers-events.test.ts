import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

/** Clocks stand still and waits are over at once, in order. */
const deterministic = { host: { deterministic: { seed: 1, now: 1_000_000 } } };

describe('timers', () => {
  test('run in order of time, then of setting; promise jobs between them', async () => {
    const { stdout } = await runJs(
      `setTimeout(() => console.log('c'), 20); setTimeout(() => { console.log('a'); queueMicrotask(() => console.log('micro')) }, 10); setTimeout(() => console.log('b'), 10);
       setImmediate(() => console.log('immediate')); Promise.resolve().then(() => console.log('job')); console.log('first');`,
      deterministic,
    );
    expect(stdout.trim().split('\n')).toEqual(['first', 'job', 'immediate', 'a', 'micro', 'b', 'c']);
  });

  test('a timer set by a promise job that a timer left keeps the run going', async () => {
    const nap = 'await new Promise((resolve) => setTimeout(resolve, 1))';
    for (const host of [{}, deterministic.host]) {
      const { value } = await runJs(`let n = 0; for (; n < 20; n++) { ${nap} } n`, { host });
      expect(value).toBe(20);
      const { stdout } = await runJs(
        `setTimeout(async () => { ${nap}; console.log('late'); setImmediate(async () => { await 0; ${nap}; console.log('later'); }); }, 1); 0`,
        { host },
      );
      expect(stdout).toBe('late\nlater\n');
    }
  });

  test('setInterval() repeats until it is cleared, arguments are passed, clear takes anything', async () => {
    const { value, stdout } = await runJs(
      `let n = 0; const id = setInterval((a, b) => { console.log(a + b, ++n); if (n === 3) clearInterval(id); }, 5, 1, 2);
       clearTimeout(undefined); clearTimeout('x'); clearTimeout({}); clearTimeout(setTimeout(() => console.log('never'), 1)); clearImmediate(setImmediate(() => console.log('never'))); typeof id`,
      deterministic,
    );
    expect(stdout).toBe('3 1\n3 2\n3 3\n');
    expect(value).toBe('number');
  });

  test('the clocks of a deterministic run move by exactly what it waits', async () => {
    const { value } = await runJs(
      'const t = Date.now(); const p = performance.now(); await new Promise((r) => setTimeout(r, 1234)); [t, Date.now() - t, performance.now() - p, new Date().toISOString()]',
      deterministic,
    );
    expect(value).toEqual([1_000_000, 1234, 1234, '1970-01-01T00:16:41.234Z']);
  });

  test('guests live in UTC', async () => {
    const { value } = await runJs(
      'const d = new Date(2020, 6, 1, 12); [d.getTimezoneOffset(), d.toISOString(), d.toString()]',
    );
    expect(value).toEqual([
      0,
      '2020-07-01T12:00:00.000Z',
      'Wed Jul 01 2020 12:00:00 GMT+0000 (Coordinated Universal Time)',
    ]);
  });

  test('a thousand timers keep their order', async () => {
    const { value } = await runJs(
      'const seen = []; for (let i = 0; i < 1000; i++) setTimeout(() => seen.push(i * 7919 % 1000), 1 + i * 7919 % 1000); await new Promise((r) => setTimeout(r, 2000)); seen.every((v, i) => v === i)',
      deterministic,
    );
    expect(value).toBe(true);
  });

  test('a timer without a function is a TypeError', async () => {
    expect((await runJs('try { setTimeout("code") } catch (e) { e.name }')).value).toBe('TypeError');
  });
});

describe('events and aborts', () => {
  test('AbortController tells its listeners once, with the reason', async () => {
    const { value } = await runJs(`
      const c = new AbortController(); const seen = [];
      c.signal.addEventListener('abort', (e) => seen.push(e.type)); c.signal.onabort = () => seen.push('on');
      c.abort(); c.abort(); seen.push(c.signal.aborted, c.signal.reason.name);
      try { c.signal.throwIfAborted() } catch (e) { seen.push(e.name) }
      const d = new AbortController(); d.abort('why'); seen.push(d.signal.reason, AbortSignal.abort(5).reason);
      seen`);
    expect(value).toEqual(['abort', 'on', true, 'AbortError', 'AbortError', 'why', 5]);
  });

  test('AbortSignal.timeout() fires, and does not keep the run going', async () => {
    const { value } = await runJs(
      'const s = AbortSignal.timeout(50); await new Promise((r) => setTimeout(r, 100)); const any = AbortSignal.any([s, new AbortController().signal]); [s.aborted, s.reason.name, any.aborted]',
      deterministic,
    );
    expect(value).toEqual([true, 'TimeoutError', true]);
    expect((await runJs('AbortSignal.timeout(3_600_000); 1')).value).toBe(1);
  });

  test('EventTarget: once, signal, handleEvent, remove, stop, CustomEvent', async () => {
    const { value } = await runJs(`
      const t = new EventTarget(); const seen = []; const f = () => seen.push('f'); const c = new AbortController();
      t.addEventListener('x', f, { once: true }); t.addEventListener('x', { handleEvent: (e) => seen.push(e.detail) }); t.addEventListener('x', () => seen.push('gone'), { signal: c.signal });
      c.abort(); t.dispatchEvent(new CustomEvent('x', { detail: 7 })); t.dispatchEvent(new CustomEvent('x', { detail: 8 }));
      const u = new EventTarget(); u.addEventListener('y', (e) => { e.preventDefault(); e.stopImmediatePropagation() }); u.addEventListener('y', () => seen.push('no'));
      seen.push(u.dispatchEvent(new Event('y', { cancelable: true }))); seen`);
    expect(value).toEqual(['f', 7, 8, false]);
  });
});

describe('structuredClone', () => {
  test('copies cycles, maps, sets, dates, buffers, errors; refuses functions', async () => {
    const { value } = await runJs(`
      const o = { d: new Date(5), m: new Map([[{ k: 1 }, new Set([1])]]), b: new Uint16Array([1, 2]), e: new RangeError('x'), r: /a/g, n: [1,,3] }; o.self = o;
      const c = structuredClone(o);
      let refused; try { structuredClone(() => {}) } catch (e) { refused = [e.name, e instanceof DOMException] }
      [c !== o, c.self === c, c.d.getTime(), [...c.m.keys()][0].k, [...c.m.values()][0].has(1), c.b[1], c.b.buffer !== o.b.buffer, c.e.name, c.e instanceof RangeError, String(c.r), 1 in c.n, refused]`);
    expect(value).toEqual([
      true,
      true,
      5,
      1,
      true,
      2,
      true,
      'RangeError',
      true,
      '/a/g',
      false,
      ['DataCloneError', true],
    ]);
  });
});

describe('crypto, stdin and the rest', () => {
  test('random comes from the host; digests are right', async () => {
    const { value } = await runJs(`
      const hex = (b) => [...new Uint8Array(b)].map((x) => x.toString(16).padStart(2, '0')).join('');
      const big = crypto.getRandomValues(new Uint8Array(65536));
      let refused; try { crypto.getRandomValues(new Uint8Array(65537)) } catch (e) { refused = e.name }
      let unknown; try { await crypto.subtle.digest('MD5', new Uint8Array()) } catch (e) { unknown = e.message }
      [/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), crypto.randomUUID() !== crypto.randomUUID(), new Set(big).size > 100, refused,
       hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode('abc'))), unknown, Math.random() !== Math.random(), [1,2,3].every(() => { const r = Math.random(); return r >= 0 && r < 1 })]`);
    expect(value).toEqual([
      true,
      true,
      true,
      'QuotaExceededError',
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      'Unrecognized algorithm name',
      true,
      true,
    ]);
  });

  test('readline() gives lines, then null; stdin gives all', async () => {
    const stdin = new TextEncoder().encode('one\r\ntwo é\n\nlast');
    expect(
      (
        await runJs('[readline(), readline(), readline(), readline(), readline(), stdin.length]', {
          spec: { stdin },
        })
      ).value,
    ).toEqual(['one', 'two é', '', 'last', null, 16]);
    expect((await runJs('[readline(), stdin]')).value).toEqual([null, '']);
  });

  test('nothing of the host is there', async () => {
    const names = [
      'Worker',
      'WebAssembly',
      'Deno',
      'Bun',
      'document',
      'window',
      'std',
      'os',
      'bjson',
      'scriptArgs',
      'importScripts',
      'XMLHttpRequest',
      'SharedArrayBuffer_',
    ];
    const { value } = await runJs(`[${names.map((name) => `typeof ${name}`).join()}]`);
    expect(value).toEqual(names.map(() => 'undefined'));
  });

  test('the names people expect are there, as their own class names', async () => {
    const names = [
      'URL',
      'URLSearchParams',
      'TextEncoder',
      'TextDecoder',
      'AbortController',
      'AbortSignal',
      'Event',
      'EventTarget',
      'CustomEvent',
      'DOMException',
      'Headers',
      'Request',
      'Response',
      'FormData',
      'Blob',
      'File',
      'ReadableStream',
      'fetch',
      'setTimeout',
      'queueMicrotask',
      'structuredClone',
      'atob',
      'btoa',
      'readline',
    ];
    const { value } = await runJs(
      `[${names.map((name) => `[${name}.name, Object.keys(globalThis).includes('${name}')]`).join()}]`,
    );
    expect(value).toEqual(names.map((name) => [name, false]));
  });
});
