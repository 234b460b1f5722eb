import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

const CASES: Readonly<Record<string, readonly [code: string, value: unknown]>> = {
  'bodies are streams of the standard, and streams are bodies': [
    `let text = ''; for await (const part of new Response('hello').body.pipeThrough(new TextDecoderStream())) text += part;
     const made = new ReadableStream({ start(c) { c.enqueue(new Uint8Array([65])); c.close() } });
     [text, new Response('').body instanceof ReadableStream, await new Response(made).text()]`,
    ['hello', true, 'A'],
  ],
  'a TransformStream and a WritableStream': [
    `const seen = []; await new ReadableStream({ start(c) { c.enqueue('a'); c.enqueue('b'); c.close() } }).pipeThrough(new TransformStream({ transform(x, c) { c.enqueue(x.toUpperCase()) } })).pipeTo(new WritableStream({ write(x) { seen.push(x) } })); seen`,
    ['A', 'B'],
  ],
  'compression there and back': [
    `const out = []; for (const format of ['gzip', 'deflate', 'deflate-raw']) out.push((await new Response(new Blob(['x'.repeat(500)]).stream().pipeThrough(new CompressionStream(format)).pipeThrough(new DecompressionStream(format))).text()).length);
     const cut = new Uint8Array(await new Response(new Blob(['x'.repeat(500)]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer()).slice(0, 12);
     out.push(await new Response(new Blob([cut]).stream().pipeThrough(new DecompressionStream('gzip'))).text().catch((e) => e.name)); out`,
    [500, 500, 500, 'TypeError'],
  ],
  'a multipart form that it made itself': [
    `const form = new FormData(); form.append('a', '1'); form.append('f"', new Blob(['hel\\r\\nlo'], { type: 'text/x' }), 'n.txt'); const back = await new Response(form).formData(); const file = back.get('f"'); [back.get('a'), await file.text(), file.name, file.type]`,
    ['1', 'hel\r\nlo', 'n.txt', 'text/x'],
  ],
  'data: URLs without a grant': [
    `const r = await fetch('data:text/plain;base64,aGk='); [await r.text(), r.headers.get('content-type'), r.status, await (await fetch('data:,a%20b#x')).text(), (await fetch('data:,x')).headers.get('content-type'), await fetch('data:nothing').catch((e) => e.name)]`,
    ['hi', 'text/plain', 200, 'a b', 'text/plain;charset=US-ASCII', 'TypeError'],
  ],
  'texts in encodings of the web, in pieces too': [
    `const d = new TextDecoder('euc-kr'); [new TextDecoder('shift_jis').decode(new Uint8Array([0x93, 0xfa])), new TextDecoder('gbk').decode(new Uint8Array([0xb2, 0xe2])), d.decode(new Uint8Array([0xb0]), { stream: true }) + d.decode(new Uint8Array([0xa1])), new TextDecoder('latin2').encoding, (() => { try { new TextDecoder('nothing') } catch (e) { return e.name } })(), (() => { try { new TextDecoder('gbk', { fatal: true }).decode(new Uint8Array([0xff])) } catch (e) { return e.name } })()]`,
    ['日', '测', '가', 'iso-8859-2', 'RangeError', 'TypeError'],
  ],
  'Intl and the locale methods': [
    `[new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', dateStyle: 'medium', timeStyle: 'short' }).format(new Date('2024-01-15T12:00:00Z')).replaceAll('\u202f', ' '), (1234567.891).toLocaleString(), (1234.5).toLocaleString('en-US', { style: 'currency', currency: 'USD' }), ['item10', 'item2'].sort((a, b) => a.localeCompare(b, undefined, { numeric: true })), new Intl.PluralRules('ar').select(3), new Intl.ListFormat('de').format(['a', 'b']), new Date(0).toLocaleDateString('de-DE'), Intl.NumberFormat('de').format(12345678901234567890n), new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-1, 'day'), [...new Intl.Segmenter('en', { granularity: 'word' }).segment('a b')].length, new Intl.DisplayNames('en', { type: 'region' }).of('US'), Intl.DateTimeFormat().resolvedOptions().timeZone]`,
    [
      'Jan 15, 2024, 7:00 AM',
      '1,234,567.891',
      '$1,234.50',
      ['item2', 'item10'],
      'few',
      'a und b',
      '1.1.1970',
      '12.345.678.901.234.567.890',
      'yesterday',
      3,
      'United States',
      'UTC',
    ],
  ],
  'errors of Intl are the guest’s own': [
    `const names = []; for (const f of [() => new Intl.NumberFormat('xx-invalid-locale-'), () => new Intl.NumberFormat('en', { style: 'currency' }), () => new Intl.DateTimeFormat('en', { timeZone: 'No/Where' }), () => new Intl.DateTimeFormat('en').format(new Date(NaN))]) { try { f() } catch (e) { names.push([e.name, e instanceof Error]) } } names`,
    [
      ['RangeError', true],
      ['TypeError', true],
      ['RangeError', true],
      ['RangeError', true],
    ],
  ],
  'crypto.subtle: keys, signatures, ciphers, derivation': [
    `const enc = new TextEncoder(), hex = (b) => new Uint8Array(b).toHex();
     const key = await crypto.subtle.importKey('raw', enc.encode('key'), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
     const mac = await crypto.subtle.sign('HMAC', key, enc.encode('msg'));
     const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']); const iv = new Uint8Array(12);
     const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, aes, enc.encode('secret'));
     const pw = await crypto.subtle.importKey('raw', enc.encode('pw'), 'PBKDF2', false, ['deriveBits', 'deriveKey']);
     const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
     const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, new Uint8Array(1));
     [hex(mac).slice(0, 8), await crypto.subtle.verify('HMAC', key, mac, enc.encode('other')), new TextDecoder().decode(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, aes, sealed)), hex(await crypto.subtle.deriveBits({ name: 'PBKDF2', salt: enc.encode('salt'), iterations: 1, hash: 'SHA-1' }, pw, 32)), await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, publicKey, signature, new Uint8Array(1)), await crypto.subtle.exportKey('jwk', privateKey).catch((e) => e.name), await crypto.subtle.sign('HMAC', aes, new Uint8Array(1)).catch((e) => e.name)]`,
    ['2d93cbc1', false, 'secret', '95c9338e', true, 'InvalidAccessError', 'InvalidAccessError'],
  ],
  'the newer parts of the language': [
    `[await Array.fromAsync((async function* () { yield 1; yield 2 })()), [...Uint8Array.fromBase64('aGk=')], new Uint8Array([1, 255]).toHex(), new Uint8Array([255]).toBase64(), typeof Symbol.dispose, Atomics.add(new Int32Array(1), 0, 5), (() => { const log = []; const s = new DisposableStack(); s.defer(() => log.push(1)); s.use({ [Symbol.dispose]: () => log.push(2) }); s.dispose(); return log })()]`,
    [[1, 2], [104, 105], '01ff', '/w==', 'symbol', 0, [2, 1]],
  ],
};

describe('what the web has beyond the prelude', () => {
  test.each(Object.entries(CASES))('%s', async (_name, [code, expected]) => {
    expect((await runJs(code)).value).toEqual(expected);
  });

  test('TZ and LANG of the granted environment hold', async () => {
    const { value } = await runJs(
      `const d = new Date('2024-07-01T12:00:00Z'); [d.getHours(), d.getTimezoneOffset(), new Date(2024, 0, 1).toISOString(), d.toLocaleTimeString(), (1.5).toLocaleString(), Intl.DateTimeFormat().resolvedOptions().timeZone]`,
      { spec: { env: { TZ: 'Europe/Berlin', LANG: 'de_DE.UTF-8' } } },
    );
    expect(value).toEqual([14, -120, '2023-12-31T23:00:00.000Z', '14:00:00', '1,5', 'Europe/Berlin']);
  });

  test('what the platform does in the guest’s place is paid for, before it is done', async () => {
    const derive = (iterations: number) =>
      runJs(
        `const k = await crypto.subtle.importKey('raw', new Uint8Array(1), 'PBKDF2', false, ['deriveBits']); await crypto.subtle.deriveBits({ name: 'PBKDF2', salt: new Uint8Array(8), iterations: ${iterations}, hash: 'SHA-256' }, k, 256); 1`,
        { limits: { fuel: 200_000_000 } },
      );
    const [few, more] = [await derive(1), await derive(10_001)];
    expect(more.result.fuel as number).toBeGreaterThan((few.result.fuel as number) + 10_000 * 32);
    expect((await derive(1_900_000)).result).toMatchObject({ kind: 'limit', limit: 'fuel' });
  });

  test('a deterministic run has no randomness of the platform', async () => {
    const { value } = await runJs(
      `[await crypto.subtle.generateKey('Ed25519', true, ['sign']).catch((e) => e.name), new Uint8Array(await crypto.subtle.exportKey('raw', await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256', length: 8 }, true, ['sign']))).length]`,
      { host: { deterministic: { seed: 1, now: 0 } } },
    );
    expect(value).toEqual(['NotSupportedError', 1]);
  });
});
