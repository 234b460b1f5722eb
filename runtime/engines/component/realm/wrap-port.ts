import type { RealmPort } from './contract.ts';

// Taken when the realm is made, before any glue could change them.
const { apply } = Reflect;
const Failure = TypeError;
const Range = RangeError;

type Call = (...args: never[]) => unknown;

/**
 * A function of the cell as the realm has it: it can neither throw an error of the cell into the realm nor answer anything but a primitive.
 * The cell catches its own errors and answers `null` for them; what comes all the same says that the stack is full.
 */
function wrapped<Given extends Call>(call: Given): Given {
  const safe = (...args: unknown[]): unknown => {
    let answer: unknown;
    try {
      answer = apply(call, undefined, args);
    } catch {
      throw new Range('Maximum call stack size exceeded');
    }
    if (answer === null) throw new Failure('the host refused a call');
    return typeof answer === 'object' || typeof answer === 'function' ? undefined : answer;
  };
  return safe as unknown as Given; // the same function for primitives
}

export const wrapPort = (port: RealmPort): RealmPort => ({
  now: wrapped(port.now),
  monotonic: wrapped(port.monotonic),
  random: wrapped(port.random),
  decode: wrapped(port.decode),
  encode: wrapped(port.encode),
  encodeInto: wrapped(port.encodeInto),
  lastRead: wrapped(port.lastRead),
  write: wrapped(port.write),
  stopReason: wrapped(port.stopReason),
  timer: wrapped(port.timer),
  sleepSync: wrapped(port.sleepSync),
  callSync: wrapped(port.callSync),
  call: wrapped(port.call),
  take: wrapped(port.take),
  load: wrapped(port.load),
  give: wrapped(port.give),
  done: wrapped(port.done),
});
