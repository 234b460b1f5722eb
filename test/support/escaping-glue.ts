/**
 * Glue written by hand that tries to get out of its realm: it makes every function of the language tell what it is called with, uses all that it
 * was given, and looks through all that it came by for a function whose constructor makes code of a text, which none of its own realm does.
 * Answers where it found one.
 */
export const ESCAPING_GLUE = `
export function instantiate(getCoreModule, imports, instantiateCore) {
  const { apply, construct, ownKeys, getOwnPropertyDescriptor, getPrototypeOf, defineProperty } = Reflect;
  const stringify = JSON.stringify;
  const Original = Proxy;
  const Known = Set;
  const knownHas = Set.prototype.has;
  const knownAdd = Set.prototype.add;
  const text = String;
  const later = setTimeout;
  const Waiting = Promise;
  const race = Promise.race.bind(Promise);
  const held = [];
  let count = 0;
  const keep = (thing) => {
    if ((typeof thing === 'object' && thing !== null) || typeof thing === 'function') {
      if (count < 20000) defineProperty(held, count++, { value: thing, configurable: true, writable: true, enumerable: true });
    }
    return thing;
  };
  const recording = (original) =>
    new Original(original, {
      apply: (target, self, args) => {
        keep(self);
        for (let at = 0; at < args.length; at++) keep(args[at]);
        try {
          return keep(apply(target, self, args));
        } catch (error) {
          throw keep(error);
        }
      },
      construct: (target, args, kind) => {
        for (let at = 0; at < args.length; at++) keep(args[at]);
        try {
          return keep(construct(target, args, kind));
        } catch (error) {
          throw keep(error);
        }
      },
    });
  const pollute = (holder, skipped = []) => {
    for (const name of ownKeys(holder)) {
      if (name === 'constructor' || skipped.includes(name)) continue;
      const found = getOwnPropertyDescriptor(holder, name);
      if (found === undefined || !found.configurable) continue;
      for (const kind of ['value', 'get', 'set'])
        if (typeof found[kind] === 'function') found[kind] = recording(found[kind]);
      try { defineProperty(holder, name, found); } catch {}
    }
  };
  const kinds = ['Object', 'Function', 'Array', 'String', 'Number', 'Boolean', 'Symbol', 'Map', 'Set', 'WeakMap', 'WeakSet', 'Promise', 'ArrayBuffer',
    'Uint8Array', 'DataView', 'BigInt', 'Error', 'TypeError', 'RangeError', 'RegExp', 'Date', 'TextDecoder', 'TextEncoder'].map((name) => globalThis[name]);
  const spaces = [WebAssembly, Reflect, JSON, Math];
  const answers = [];
  const failures = [];
  const tried = (label, call) => {
    try {
      const answer = call();
      keep(answer);
      if (typeof answer === 'object' && answer !== null && typeof answer.then === 'function')
        answers.push(answer.then((value) => void keep(value), (error) => void keep(error)));
    } catch (error) {
      keep(error);
      failures.push(label);
    }
  };
  const useAll = () => {
    for (const name of ownKeys(imports)) {
      const part = imports[name];
      for (const key of ownKeys(part)) {
        if (typeof part[key] !== 'function') continue;
        for (const args of [[], ['/x'], ['/x', '/y'], [4n], [{}], [null, Symbol('x')], [new Uint8Array(4)]]) {
          tried(name + key, () => part[key](...args));
          tried('new ' + name + key, () => new part[key](...args));
        }
      }
    }
    tried('stdout', () => imports['wasi:cli/stdout@0.2.0'].getStdout().write(new Uint8Array([46])));
    tried('random', () => imports['wasi:random/random@0.2.0'].getRandomBytes(4n));
    tried('no core', () => instantiateCore('x'));
    tried('core', () => instantiateCore(getCoreModule('guest.core.wasm'), new Proxy({}, { get: (_, name) => keep(name) })));
    tried('decoder', () => new TextDecoder('utf-16').decode({ get buffer() { return new Proxy({}, {}); }, byteOffset: {}, byteLength: -1 }));
    tried('encoder', () => new TextEncoder().encodeInto({ toString() { return keep(this); } }, { buffer: {}, byteOffset: 1e99, byteLength: NaN }));
  };
  /** Calls at the very end of the stack, and then with more and more of it. */
  const caught = Array(2000).fill(undefined);
  let caughtAt = 0;
  const atTheEnd = (call) => {
    let left = -1;
    const deeper = () => {
      try { deeper(); } catch { if (left < 0) left = 150; }
      if (left-- > 0) try { call(); } catch (error) { caught[caughtAt++] = error; } // no room for a call here
    };
    deeper();
  };
  const search = () => {
    const known = new Known();
    const escapes = [];
    let constructors = 0;
    const queue = [];
    let end = 0;
    const meet = (thing, path) => {
      if ((typeof thing !== 'object' || thing === null) && typeof thing !== 'function') return;
      if (apply(knownHas, known, [thing]) || end > 60000) return;
      apply(knownAdd, known, [thing]);
      defineProperty(queue, end++, { value: [thing, path], configurable: true });
    };
    meet(globalThis, 'global');
    for (let at = 0; at < count; at++) meet(held[at], 'held' + at);
    for (let at = 0; at < caughtAt; at++) meet(caught[at], 'caught' + at);
    meet(imports, 'imports'); meet(getCoreModule, 'getCore'); meet(instantiateCore, 'instantiateCore');
    for (let at = 0; at < end; at++) {
      const [thing, path] = queue[at];
      let prototype;
      try { prototype = getPrototypeOf(thing); } catch {}
      meet(prototype, path + '.[[Prototype]]');
      let names = [];
      try { names = ownKeys(thing); } catch {}
      for (let n = 0; n < names.length && n < 300; n++) {
        let found;
        try { found = getOwnPropertyDescriptor(thing, names[n]); } catch {}
        if (found === undefined) continue;
        const step = path + '.' + text(names[n]);
        meet(found.value, step); meet(found.get, step); meet(found.set, step);
      }
      // What makes code of a text, in whichever realm it is.
      const name = typeof thing === 'function' ? getOwnPropertyDescriptor(thing, 'name')?.value : undefined;
      if (name === 'Function' || name === 'AsyncFunction' || name === 'GeneratorFunction' || name === 'AsyncGeneratorFunction') {
        constructors += 1;
        try { escapes.push(path + ' ' + thing('return typeof process')()); } catch {}
        try { escapes.push(path + ' new ' + new thing('return typeof process')()); } catch {}
      }
    }
    return stringify({ escapes: escapes.slice(0, 20), met: end, constructors });
  };
  keep(arguments);
  try { keep(Error.prepareStackTrace); Error.prepareStackTrace = (error, frames) => { keep(error); keep(frames); return frames; }; } catch (error) { keep(error); }
  tried('stack', () => keep(new Error('x').stack));
  tried('import', () => globalThis['imp' + 'ort']('node:fs'));
  tried('eval', () => globalThis.eval('imp' + 'ort("node:fs")'));
  tried('Function', () => Function('return imp' + 'ort("node:fs")')());
  tried('async', () => (async () => {}).constructor('return imp' + 'ort("node:fs")')());
  tried('streaming', () => WebAssembly.compileStreaming({}));
  tried('streaming', () => WebAssembly.instantiateStreaming(Promise.resolve({})));
  tried('shared', () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer);
  useAll();
  for (const kind of kinds) { pollute(kind.prototype, ['hasOwnProperty']); pollute(kind, ['prototype']); }
  pollute(getPrototypeOf(Uint8Array.prototype));
  for (const space of spaces) pollute(space);
  for (const name of ['port', 'module', 'modules', 'host', 'call', 'then', 'value', 'get', 'set', '0', '1', '2'])
    for (const holder of [Object.prototype, Array.prototype])
      try { defineProperty(holder, name, { set(value) { keep(this); keep(value); defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }); }, get() { return undefined; }, configurable: true }); } catch {}
  useAll();
  for (const call of [
    () => imports['sandglass:host/fs@0.1.0'].readText('/x'),
    () => imports['wasi:random/random@0.2.0'].getRandomU64(),
    () => imports['wasi:clocks/monotonic-clock@0.2.0'].now(),
    () => imports['sandglass:host/log@0.1.0'].write('info', 'x'),
    () => instantiateCore(getCoreModule('guest.core.wasm')),
  ]) atTheEnd(call);
  const all = (async () => {
    for (let at = 0; at < answers.length; at++) await answers[at];
  })();
  const enough = race([all, new Waiting((resolve) => void later(resolve, 300))]);
  return {
    invoke: async () => {
      await enough;
      return search();
    },
  };
}
`;

/** Changes whatever of its surroundings it can, and leaves work behind that would go on when its run has ended. */
export const LITTERING_GLUE = `
export function instantiate(getCoreModule, imports) {
  const say = () => {
    globalThis.later = 'later';
    imports['sandglass:host/log@0.1.0'].write('info', 'left behind');
  };
  globalThis.mark = 'mark';
  Object.prototype.mark = 'mark';
  Array.prototype.map = () => ['mark'];
  JSON.parse = () => 'mark';
  Promise.prototype.then = () => 'mark';
  WebAssembly.mark = 'mark';
  WebAssembly.Instance = class { get exports() { return { mark: 'mark' }; } };
  TextDecoder.prototype.decode = () => 'mark';
  setTimeout(say, 0);
  setTimeout(say, 20);
  for (const use of [0, 1]) queueMicrotask(say);
  (async () => { for (;;) { await 0; } });
  void imports['sandglass:host/fs@0.1.0'].readText('/x');
  Reflect.apply(Promise.reject, Promise, [{ get stack() { say(); return 'mark'; }, [Symbol.for('nodejs.util.inspect.custom')]: say }]);
  new FinalizationRegistry(say).register({}, 1);
  return { invoke: () => '"left"' };
}
`;

/** Tells what it finds of an earlier guest. */
export const FINDING_GLUE = `
export function instantiate(getCoreModule, imports, instantiateCore) {
  const { exports } = instantiateCore(getCoreModule('guest.core.wasm'));
  return {
    invoke: () =>
      JSON.stringify({
        marks: [typeof mark, typeof later, typeof {}.mark, typeof WebAssembly.mark, typeof getCoreModule.mark, typeof imports.mark],
        works: [JSON.parse('[1]').map((one) => one + 1), exports.f(), new TextDecoder().decode(new TextEncoder().encode('é'))],
      }),
  };
}
`;
