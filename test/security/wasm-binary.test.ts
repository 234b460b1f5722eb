import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, test } from 'vitest';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { guardBinary } from '../../runtime/wasm/guard.ts';
import { inspectBinary } from '../../runtime/wasm/inspect.ts';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { verifies } from '../support/verifies.ts';
import { assemble } from '../support/wasm/assemble.ts';
import { KERNELS } from '../support/wasm/kernels.ts';

verifies('EX-08');

const OPTIONS = { maxMemoryPages: 64 };
const PREAMBLE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const COMPONENT = [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0];

/** The message that a binary is refused with; `undefined` if it is not. Anything but MODULE_INVALID fails the test. */
function refusal(look: () => unknown): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (error instanceof SandglassError && error.code === 'MODULE_INVALID') return error.message;
    throw error;
  }
}

const text = (value: string): number[] => {
  const bytes = new TextEncoder().encode(value);
  return [...leb(bytes.length), ...bytes];
};
const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))];
const section = (id: number, ...content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
];
const module = (...sections: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([PREAMBLE, ...sections].flat());
const component = (...sections: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([COMPONENT, ...sections].flat());

const INJECTIONS = [
  "'] ); globalThis.canary = 1; (['",
  '"); canary(); ("',
  '`+canary()+`',
  '$' + '{canary()}',
  "\\'; canary() //",
  'a\nb',
  'a\u2028b',
  'a b',
  '\u0000',
  '__sandglass_fuel',
];

describe('guardBinary()', () => {
  test.each([
    ['nothing', [], /it is empty/],
    ['an ELF program', [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0], /an ELF program/],
    ['a Windows program', [0x4d, 0x5a, 0x90, 0], /a Windows program/],
    ['gzip data', [0x1f, 0x8b, 8, 0], /gzip data/],
    ['text', [...new TextEncoder().encode('hello there')], /looks like text/],
    ['a script', [...new TextEncoder().encode('#!/bin/sh\n')], /a script/],
    ['WebAssembly text', [...new TextEncoder().encode('  (module)')], /WebAssembly text/],
    ['random bytes', [1, 200, 3, 250, 9], /unknown binary data/],
    ['a cut preamble', PREAMBLE.slice(0, 6), /cut off after 6 bytes/],
    ['another version', [0, 0x61, 0x73, 0x6d, 2, 0, 0, 0], /version 0x02 of layer 0/],
  ])('says what it was given instead of WebAssembly: %s', (_, bytes, message) => {
    expect(refusal(() => guardBinary(Uint8Array.from(bytes)))).toMatch(message);
  });

  test.each(INJECTIONS)('refuses a core import or export of a component named %j', (name) => {
    const exporting = module(
      section(1, 1, 0x60, 0, 0),
      section(3, 1, 0),
      section(7, 1, ...text(name), 0, 0),
      section(10, 1, 2, 0, 0x0b),
    );
    const importing = module(section(1, 1, 0x60, 0, 0), section(2, 1, ...text('m'), ...text(name), 0, 0));
    const importingFrom = module(section(1, 1, 0x60, 0, 0), section(2, 1, ...text(name), ...text('f'), 0, 0));
    for (const core of [exporting, importing, importingFrom]) {
      expect(refusal(() => guardBinary(component(section(1, ...core))))).toMatch(/name/);
    }
  });

  test.each(INJECTIONS)('refuses a core instance, alias, instance, import or export named %j', (name) => {
    for (const hostile of [
      section(2, 1, 0, 0, 1, ...text(name), 0x12, 0), // instantiate with
      section(2, 1, 1, 1, ...text(name), 0, 0), // made of exports
      section(6, 1, 0, 0, 1, 0, ...text(name)), // alias of a core export
      section(6, 1, 1, 0, 0, ...text(name)), // alias of an export
      section(5, 1, 0, 0, 1, ...text(name), 5, 0),
      section(5, 1, 1, 1, 0, ...text(name), 1, 0),
      section(10, 1, 0, ...text(name), 1, 0),
      section(11, 1, 0, ...text(name), 1, 0, 0),
    ]) {
      expect(refusal(() => guardBinary(component(hostile)))).toMatch(/name/);
    }
  });

  test('finds a hostile name however deep it is nested', () => {
    let inner = component(section(6, 1, 0, 0, 1, 0, ...text("');canary(('")));
    for (let depth = 0; depth < 5; depth += 1) inner = component(section(4, ...inner));
    expect(refusal(() => guardBinary(inner))).toMatch(/not allowed/);
  });

  test('refuses components nested too deep', () => {
    let inner = component();
    for (let depth = 0; depth < 40; depth += 1) inner = component(section(4, ...inner));
    expect(refusal(() => guardBinary(inner))).toMatch(/nests components deeper/);
  });

  test('refuses a bomb of instances that double at each level', () => {
    let inner = component();
    for (let depth = 0; depth < 10; depth += 1) {
      const twentyTimes = Array.from({ length: 20 }, () => [0, 0, 0]).flat();
      inner = component(section(4, ...inner), section(5, 20, ...twentyTimes));
    }
    expect(inner.length).toBeLessThan(2000);
    expect(refusal(() => guardBinary(inner))).toMatch(/definitions when written out/);
  });

  test('takes what a builder makes', async () => {
    const bytes = await parse(`(component
      (component $nested (import "x" (func)) (export "y" (func 0)))
      (import "ns:pkg/iface@1.2.3-rc.1" (instance $i (export "f" (func))))
      (alias export $i "f" (func $f))
      (instance $made (instantiate $nested (with "x" (func $f))))
      (export "ns:pkg/other@0.1.0" (instance $made)))`);
    expect(guardBinary(bytes).kind).toBe('component');
  });

  test.each([
    ['memory', section(5, 1, 0, ...leb(65_537)), /memory may have 65537 pages/],
    ['table', section(4, 1, 0x70, 0, ...leb(4_000_000_000)), /table starts with 4000000000 elements/],
    ['imported memory', section(2, 1, 1, 0x6d, 1, 0x6d, 2, 0, ...leb(99_999)), /memory may have 99999 pages/],
    ['shared memory', section(5, 1, 3, 1, 1), /shared between threads/],
    ['memory of 64 bits', section(5, 1, 4, 1), /addressed by i64/],
    ['memory with its own page size', section(5, 1, 8, 1, 0), /limits 0x08/],
    ['section of no known id', section(14, 0), /section 14 is not known/],
    ['repeated section', [...section(5, 1, 0, 1), ...section(5, 1, 0, 1)], /repeated or out of order/],
    ['section that claims too much', [5, 200, 1, 0], /claims 200 bytes/],
    ['list that claims too much', section(7, ...leb(4_000_000)), /claims 4000000 elements/],
    ['number that is too long', [5, 0xff, 0xff, 0xff, 0xff, 0xff, 1], /does not fit 32 bits/],
    ['start function that does not exist', section(8, 3), /start function 3/],
    [
      'reserved export',
      [...section(1, 1, 0x60, 0, 0), ...section(3, 1, 0), ...section(7, 1, ...text('__sandglass_x'), 0, 0)],
      /reserved name/,
    ],
    [
      'reserved import',
      [...section(1, 1, 0x60, 0, 0), ...section(2, 1, ...text('__sandglass'), ...text('fuel'), 3, 0x7e, 1)],
      /reserved name/,
    ],
    ['name that is not UTF-8', section(2, 1, 1, 0xff, 1, 0x61, 3, 0x7f, 0), /not UTF-8/],
  ])('refuses a %s', (_, content, message) => {
    const bytes = Uint8Array.from([...PREAMBLE, ...content]);
    expect(refusal(() => guardBinary(bytes))).toMatch(message);
    if (!message.source.includes('i64') && !message.source.includes('elements/')) {
      expect(refusal(() => instrument(bytes, OPTIONS))).toBeDefined();
    }
    expect(refusal(() => guardBinary(component(section(1, ...bytes))))).toBeDefined();
  });

  test('shows a hostile name escaped and shortened in its message', () => {
    const name = `\u001b[31m\n"${'x'.repeat(500)}`;
    const message = refusal(() => guardBinary(component(section(6, 1, 0, 0, 1, 0, ...text(name)))));
    expect(message).toContain('\\u001b[31m\\n\\"xxx');
    expect(message?.length).toBeLessThan(250);
  });
});

describe('instrument() cannot be made to hand out what it adds', () => {
  /** A module with one function `() -> ()`, one memory, one table, two globals, and this code. */
  const withCode = (...code: readonly number[]): Uint8Array =>
    module(
      section(1, 1, 0x60, 0, 0),
      section(3, 1, 0),
      section(4, 1, 0x70, 0, 1),
      section(5, 1, 0, 1),
      section(6, 1, 0x7e, 1, 0x42, 0, 0x0b),
      section(10, 1, ...leb(code.length + 2), 0, ...code, 0x0b),
    );

  test.each([
    ['the fuel counter', [0x42, 0x7f, 0x24, 1], /global 1/],
    ['the growth flag', [0x41, 0, 0x24, 2], /global 2/],
    ['the fuel counter, to read', [0x23, 1, 0x1a], /global 1/],
    ['the refill table, to write', [0x41, 0, 0xd2, 0, 0x26, 1], /table 1/],
    ['the refill table, to call', [0x41, 0, 0x11, 0, 1], /table 1/],
    ['the refill table, to copy into', [0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 14, 1, 0], /table 1/],
    ['the refill table, to fill', [0x41, 0, 0xd0, 0x70, 0x41, 1, 0xfc, 17, 1], /table 1/],
    ['the out-of-fuel function', [0x10, 1], /function 1/],
    ['the out-of-fuel function, by reference', [0xd2, 1, 0x1a], /function 1/],
    ['the type of the callback', [0x41, 0, 0x11, 2, 0], /type 2/],
    ['the cached counter', [0x42, 0x7f, 0x21, 0], /local 0/],
    ['an opcode of the future', [0x27], /opcode 0x27/],
    ['a prefixed opcode of the future', [0xfc, 18], /opcode 0xfc 0x12/],
    ['an atomic opcode of the future', [0xfe, 0x4f], /opcode 0xfe/],
    ['a vector opcode without meaning', [0xfd, 0x9a, 1], /opcode 0xfd 0x9a/],
    ['stack switching', [0xe0, 0], /opcode 0xe0/],
    ['a label that does not exist', [0x0c, 9], /label 9/],
    ['an else without an if', [0x05], /belongs to/],
    ['code after its end', [0x0b], /too many/],
  ])('refuses code that names %s', (_, code, message) => {
    expect(refusal(() => instrument(withCode(...code), OPTIONS))).toMatch(message);
  });

  test.each([
    ['an export of the fuel counter', [section(7, 1, ...text('x'), 3, 0)], /global 0/],
    ['an export of the refill table', [section(7, 1, ...text('x'), 1, 0)], /table 0/],
    ['a segment for the refill table', [section(9, 1, 2, 0, 0x41, 0, 0x0b, 0, 0)], /table 0/],
    ['a segment for a table that is not there', [section(9, 1, 0, 0x41, 0, 0x0b, 0)], /table 0/],
    [
      'a segment of the out-of-fuel function',
      [section(4, 1, 0x70, 0, 1), section(9, 1, 0, 0x41, 0, 0x0b, 1, 0)],
      /function 0/,
    ],
    ['an initial value from the fuel counter', [section(6, 1, 0x7e, 0, 0x23, 1, 0x0b)], /global 1/],
    [
      'an initial value that computes',
      [section(6, 1, 0x7f, 0, 0x41, 0, 0x10, 0, 0x0b)],
      /does not exist|constant expression/,
    ],
    [
      'an enormous initial array',
      [
        section(1, 1, 0x5e, 0x7e, 1),
        section(6, 1, 0x64, 0, 0, 0x41, ...[0x80, 0x80, 0x80, 0x01], 0xfb, 7, 0, 0x0b),
      ],
      /initial arrays/,
    ],
  ])('refuses %s', (_, sections, message) => {
    expect(refusal(() => instrument(module(...sections), { ...OPTIONS, collectedHeap: true }))).toMatch(
      message,
    );
  });

  test('refuses more locals than an engine takes', () => {
    const bytes = module(
      section(1, 1, 0x60, 0, 0),
      section(3, 1, 0),
      section(10, 1, 8, 1, ...leb(4_000_000_000), 0x7f, 0x0b),
    );
    expect(refusal(() => instrument(bytes, OPTIONS))).toMatch(/50000 locals/);
  });

  test('drops hints and debug sections of the guest', async () => {
    const plain = await assemble(KERNELS.sieve ?? '');
    const hint = section(0, ...text('metadata.code.branch_hint'), 1, 0, 0);
    const debug = section(0, ...text('.debug_info'), 1, 2, 3);
    const kept = section(0, ...text('my-data'), 1, 2, 3);
    const bytes = Uint8Array.from([...plain.slice(0, 8), ...hint, ...debug, ...kept, ...plain.slice(8)]);
    const made = new WebAssembly.Module(instrument(bytes, OPTIONS));
    expect(WebAssembly.Module.customSections(made, 'my-data')).toHaveLength(1);
    expect(WebAssembly.Module.customSections(made, '.debug_info')).toHaveLength(0);
    expect(WebAssembly.Module.customSections(made, 'metadata.code.branch_hint')).toHaveLength(1); // ours
  });
});

describe('damaged binaries', () => {
  /** Whatever is read must be refused or read, and what is rewritten must be as valid as it was. */
  function look(bytes: Uint8Array<ArrayBuffer>): 'refused' | 'rewritten' {
    refusal(() => guardBinary(bytes));
    refusal(() => inspectBinary(bytes));
    let made: Uint8Array<ArrayBuffer> | undefined;
    if (
      refusal(() => {
        made = instrument(bytes, OPTIONS);
      }) !== undefined ||
      made === undefined
    )
      return 'refused';
    expect(WebAssembly.validate(made)).toBe(WebAssembly.validate(bytes));
    return 'rewritten';
  }

  test('are refused when cut off at any byte', async () => {
    for (const kernel of Object.values(KERNELS)) {
      const bytes = await assemble(kernel);
      for (let length = 0; length < bytes.length; length += 1) look(bytes.slice(0, length));
    }
  });

  test('are refused or stay what they were when bits flip', async () => {
    let seed = 20_251_121;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const counts = { refused: 0, rewritten: 0 };
    for (const kernel of Object.values(KERNELS)) {
      const bytes = await assemble(kernel);
      for (let round = 0; round < 1500; round += 1) {
        const damaged = bytes.slice();
        for (let flips = 1 + random(3); flips > 0; flips -= 1) {
          const at = 8 + random(damaged.length - 8);
          damaged[at] = (damaged[at] ?? 0) ^ (1 << random(8));
        }
        counts[look(damaged)] += 1;
      }
    }
    expect(counts.refused).toBeGreaterThan(1000);
    expect(counts.rewritten).toBeGreaterThan(1000);
  });

  test('components are refused when cut off or flipped, or stay readable', async () => {
    const bytes = new Uint8Array(
      await parse(`(component (core module $m (func (export "f") (result i32) i32.const 1))
        (core instance $i (instantiate $m)) (func $f (result u32) (canon lift (core func $i "f"))) (export "run" (func $f)))`),
    );
    for (let length = 0; length < bytes.length; length += 1)
      refusal(() => inspectBinary(bytes.slice(0, length)));
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        refusal(() => inspectBinary(damaged));
      }
    }
    expect(refusal(() => inspectBinary(bytes))).toBeUndefined();
  });
});
