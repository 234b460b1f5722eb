// The oracle of the fuel tests: counts by adding to a global in front of every single operator. It shares no code with the rewriter,
// knows the operators of MVP compilers only, and throws on any other.

/** Name of the exported i64 global with the count. */
export const NAIVE = 'naive';

const FREE = new Set([0x00, 0x01, 0x02, 0x03, 0x05, 0x0b, 0x0f, 0x1a]);
const LEB_OPERANDS: Readonly<Record<number, number>> = {
  16: 1,
  17: 2,
  12: 1,
  13: 1,
  63: 1,
  64: 1,
  65: 1,
  66: 1,
  210: 1,
};

export function naiveCount(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 8;
  const leb = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const encode = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...encode(Math.floor(value / 128))];
  const signed = (value: number): number[] =>
    value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)];

  // First look: how many functions are imported, how many globals there are.
  let importedFunctions = 0;
  let globals = 0;
  const parts: { id: number; start: number; end: number }[] = [];
  while (at < bytes.length) {
    const id = bytes[at++] ?? 0;
    const size = leb();
    parts.push({ id, start: at, end: at + size });
    at += size;
  }
  for (const { id, start } of parts) {
    at = start;
    if (id === 6) globals += leb();
    if (id !== 2) continue;
    for (let left = leb(); left > 0; left--) {
      for (let names = 0; names < 2; names++) {
        const length = leb();
        at += length;
      }
      const kind = bytes[at++];
      if (kind === 0) {
        importedFunctions++;
        leb();
      } else if (kind === 3) {
        globals++;
        at += 2;
      } else {
        if (kind === 1) at++;
        const flags = bytes[at++] ?? 0;
        leb();
        if (flags & 1) leb();
      }
    }
  }

  const charge = (cost: number): number[] =>
    cost === 0 ? [] : [0x23, ...encode(globals), 0x42, ...signed(cost), 0x7c, 0x24, ...encode(globals)];

  function body(start: number, end: number, parameters: number): number[] {
    at = start;
    let locals = parameters;
    const groups = leb();
    const declared: number[] = [];
    for (let index = 0; index < groups; index++) {
      const count = leb();
      locals += count;
      declared.push(...encode(count), bytes[at++] ?? 0);
    }
    const out = [...encode(groups + 1), ...declared, 1, 0x7f];
    while (at < end) {
      const from = at;
      const op = bytes[at++] ?? 0;
      let cost = FREE.has(op) ? 0 : 1;
      let length: 'bytes' | 'elements' | undefined;
      if (op === 0x02 || op === 0x03 || op === 0x04) leb();
      else if (op === 0x0e) for (let left = leb(); left >= 0; left--) leb();
      else if (op >= 0x20 && op <= 0x26) leb();
      else if (op >= 0x28 && op <= 0x3e) {
        leb();
        leb();
      } else if (op === 0x43) at += 4;
      else if (op === 0x44) at += 8;
      else if (LEB_OPERANDS[op] !== undefined) {
        const first = leb();
        if (LEB_OPERANDS[op] === 2) leb();
        if (op === 0x10 && first < importedFunctions) cost = 10;
        if (op === 0x40) cost = 100;
      } else if (op === 0xd0) at++;
      else if (op === 0xfc) {
        const sub = leb();
        if (sub === 8 || sub === 10 || sub === 12 || sub === 14) {
          leb();
          leb();
        } else if (sub === 9 || sub === 11 || sub === 13 || (sub >= 15 && sub <= 17)) leb();
        else if (sub > 17) throw new Error(`operator fc ${sub}`);
        if (sub === 8 || sub === 10 || sub === 11) length = 'bytes';
        if (sub === 12 || sub === 14 || sub === 15 || sub === 17) length = 'elements';
        if (sub === 15) cost = 100;
      } else if (
        !(
          op <= 0x05 ||
          op === 0x0b ||
          op === 0x0f ||
          op === 0x1a ||
          op === 0x1b ||
          (op >= 0x45 && op <= 0xc4) ||
          op === 0xd1
        )
      ) {
        throw new Error(`operator ${op.toString(16)}`);
      }
      out.push(...charge(cost));
      if (length !== undefined) {
        // Take the length, keep it, count it, put it back.
        out.push(0x21, ...encode(locals), 0x23, ...encode(globals), 0x20, ...encode(locals), 0xad);
        if (length === 'bytes') out.push(0x42, 8, 0x80);
        out.push(0x7c, 0x24, ...encode(globals), 0x20, ...encode(locals));
      }
      for (let index = from; index < at; index++) out.push(bytes[index] ?? 0);
    }
    return out;
  }

  // Parameters by function, to know the number of the scratch local.
  const parameters: number[] = [];
  for (const { id, start } of parts) {
    at = start;
    if (id === 1) {
      for (let left = leb(); left > 0; left--) {
        if (bytes[at++] !== 0x60) throw new Error('type');
        const count = leb();
        at += count;
        const results = leb();
        at += results;
        parameters.push(count);
      }
    }
  }
  const types: number[] = [];
  const chunks: Uint8Array[] = [bytes.slice(0, 8)];
  const put = (id: number, content: readonly number[]): void => {
    chunks.push(Uint8Array.of(id), Uint8Array.from(encode(content.length)), Uint8Array.from(content));
  };
  let wroteGlobals = false;
  const writeGlobals = (existing: readonly number[], count: number): void => {
    put(6, [...encode(count + 1), ...existing, 0x7e, 1, 0x42, 0, 0x0b]);
    wroteGlobals = true;
  };
  const exported = [...encode(NAIVE.length), ...new TextEncoder().encode(NAIVE), 3, ...encode(globals)];
  for (const { id, start, end } of parts) {
    at = start;
    if (!wroteGlobals && id > 6 && id !== 13) writeGlobals([], 0);
    if (id === 3) for (let left = leb(); left > 0; left--) types.push(leb());
    at = start;
    if (id === 6) {
      const count = leb();
      writeGlobals([...bytes.slice(at, end)], count);
    } else if (id === 7) {
      const count = leb();
      put(7, [...encode(count + 1), ...bytes.slice(at, end), ...exported]);
    } else if (id === 10) {
      const count = leb();
      const code: number[][] = [encode(count)];
      for (let index = 0; index < count; index++) {
        const size = leb();
        const bodyStart = at;
        const made = body(bodyStart, bodyStart + size, parameters[types[index] ?? 0] ?? 0);
        code.push(encode(made.length), made);
        at = bodyStart + size;
      }
      const all = code.flat();
      chunks.push(Uint8Array.of(10), Uint8Array.from(encode(all.length)), Uint8Array.from(all));
    } else chunks.push(Uint8Array.of(id), Uint8Array.from(encode(end - start)), bytes.slice(start, end));
  }
  const result = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    result.set(chunk, offset);
    offset += chunk.length;
  }
  return result;
}
