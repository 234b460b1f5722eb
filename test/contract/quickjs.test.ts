import { script } from '../support/engine-guests.ts';
import { quickjsEngine } from '../support/quickjs-for-tests.ts';
import { describeEngine, type EngineSamples } from './engine-suite.ts';

const js = (code: string) => ({ source: script('javascript', code, { filename: 'main.js' }) });

const samples: EngineSamples = {
  value: {
    ...js('({ sum: [1, 2, 3].reduce((a, b) => a + b), big: 2n ** 70n, bytes: new Uint8Array([1, 255]) })'),
    value: { sum: 6, big: 2n ** 70n, bytes: new Uint8Array([1, 255]) },
  },
  threw: {
    ...js('const a = 1;\nfunction f() {\n  throw new TypeError("nope " + a);\n}\nf();'),
    name: 'TypeError',
    message: 'nope 1',
    line: 3,
  },
  print: {
    ...js('console.log("out", 1); console.error("err", { a: 1 });'),
    stdout: 'out 1\n',
    stderr: 'err { a: 1 }\n',
  },
  flood: js('for (;;) console.log("x".repeat(100));'),
  stubbornFlood: js('for (;;) { try { console.log("y".repeat(70)); } catch {} finally { continue; } }'),
  echo: js('for (let line; (line = readline()) !== null; ) console.log(line);'),
  spin: js('for (;;);'),
  stubbornSpin: js(
    'const f = () => { for (;;) { try { for (;;); } catch {} finally { try { f(); } catch {} } } }; f();',
  ),
  wait: js('await new Promise((resolve) => setTimeout(resolve, 3_600_000));'),
  recurse: js('const f = (n) => 1 + f(n + 1); f(0);'),
  allocate: {
    ...js('const held = []; for (;;) held.push(new Uint8Array(100_000).fill(1));'),
    memoryBytes: 32 * 1024 * 1024,
  },
  allocateAndCope: {
    ...js(
      'const held = []; try { for (;;) held.push(new Uint8Array(100_000).fill(1)); } catch { held.length = 0; } "fine"',
    ),
    memoryBytes: 32 * 1024 * 1024,
  },
  refused: { ...js('await sandglass.call("probe.echo", { a: 1 });'), operation: 'probe.echo' },
  refusalHandled: {
    ...js('let code; try { await sandglass.call("probe.echo"); } catch (error) { code = error.code; } code'),
    operation: 'probe.echo',
  },
  refusalForged: {
    ...js(`try { await sandglass.call("probe.echo"); } catch (error) {
      const copy = Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error));
      throw copy;
    }`),
    operation: 'probe.echo',
  },
  mark: js(`const seen = [globalThis.mark, Object.prototype.mark, console.mark, Array.prototype.mark];
    globalThis.mark = Array.prototype.mark = console.mark = 1; Object.prototype.mark = 1; JSON.stringify(seen)`),
  unreadable: { source: script('typescript', 'let x: = ;') },
  ambient: js('[...crypto.getRandomValues(new Uint8Array(16)), Math.random(), Date.now()].join()'),
};

describeEngine('quickjs', { engine: quickjsEngine, samples });
