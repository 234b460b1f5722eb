import { compressPrimitive } from './compress-primitive.ts';
import type { Pointer } from './engine-exports.ts';
import type { DeriveKey } from './kdf-primitive.ts';
import { modPow } from './mod-pow-primitive.ts';
import { createNativeWork, type NativeWork } from './native-steps.ts';
import type { PrimitiveParts, Serve } from './primitive-parts.ts';
import { subtlePrimitive } from './subtle-primitive.ts';

const MOST_RANDOM = 65_536;
const DIGESTS: ReadonlySet<string> = new Set(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']);

export interface NativePrimitives {
  readonly serve: Serve<'random' | 'digest' | 'subtle' | 'deriveKey' | 'modPow' | 'compress'>;
  /** The run is over: native work that has not begun never does. */
  leave(): void;
}

/** Work that the platform does natively, in its threads or in steps between which the guest is looked at. */
export function nativePrimitives(parts: PrimitiveParts, deriveKey: DeriveKey | undefined): NativePrimitives {
  const { machine, host, charge, given, held } = parts;
  const pool = createPool();
  let letGoOfKey = (): void => undefined;
  const deriving = createNativeWork<Uint8Array<ArrayBuffer>>(charge);
  const powering = createNativeWork<string>(charge);
  /** One step of native work, which the guest asks for until there is an answer; a number says that more is to be done. */
  const stepped = <T>(work: NativeWork<T>, answer: (done: T) => Pointer): Pointer => {
    const step = work.step();
    if (step === undefined) return 0;
    return step === 'more' ? machine().newNumber(1) : answer(step.done);
  };
  return {
    leave: pool.leave,
    serve: {
      ...threadPrimitives(parts, pool.inTurn),
      random: (args) => {
        const count = given.number(args, 0);
        const filled = new Uint8Array(count >= 0 && count <= MOST_RANDOM ? Math.floor(count) : 0);
        charge(filled.byteLength);
        host.random(filled);
        return machine().takeBytes({ bytes: filled, ownsBytes: true });
      },
      deriveKey: (args) => {
        const request = given.text(args, 0);
        const bytes = given.bytes(args, 1);
        if (request === undefined || bytes === undefined) return 0;
        if (request !== '') {
          letGoOfKey();
          const work = deriveKey?.(request, bytes);
          const letGo = work === undefined ? undefined : held.holdWithin(work.heldBytes);
          if (letGo !== undefined) letGoOfKey = letGo;
          deriving.begin(letGo === undefined ? undefined : work?.steps);
        }
        return stepped(deriving, (derived) => {
          letGoOfKey();
          return machine().takeBytes({ bytes: derived, ownsBytes: true });
        });
      },
      modPow: (args) => {
        const [base, exponent, modulus] = [given.text(args, 0), given.text(args, 1), given.text(args, 2)];
        if (base === undefined || exponent === undefined || modulus === undefined) return 0;
        if (modulus !== '') powering.begin(modPow(base, exponent, modulus));
        return stepped(powering, (power) => machine().newText(power));
      },
      compress: (args) => {
        const request = given.text(args, 0);
        const bytes = given.anyBytes(args, 1);
        if (request === undefined || bytes === undefined) return 0;
        const made = compressPrimitive(request, bytes, {
          compress: host.compress,
          shared: host.turns !== undefined,
          charge,
          hold: held.holdWithin,
        });
        if (typeof made === 'string') return machine().newText(made);
        charge(made.byteLength);
        return machine().takeBytes({ bytes: made, ownsBytes: true });
      },
    },
  };
}

type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The platform's few threads, for which other runs wait, too: a run has one piece of work in them after the other, so that one is left when
 * it ends.
 */
function createPool(): { readonly inTurn: InTurn; readonly leave: () => void } {
  let pooled: Promise<unknown> = Promise.resolve();
  let left = false;
  return {
    inTurn: <T>(work: () => Promise<T>): Promise<T> => {
      const begun = pooled.then(() => (left ? new Promise<T>(() => undefined) : work()));
      pooled = begun.catch(() => undefined);
      return begun;
    },
    leave: () => {
      left = true;
    },
  };
}

/** Work in those threads: its answers arrive as those of host calls do. */
function threadPrimitives(
  { run, host, charge, given, arrivals, held }: PrimitiveParts,
  inTurn: InTurn,
): Serve<'digest' | 'subtle'> {
  const digestOf = async (
    algorithm: string,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> =>
    host.digest?.(algorithm, data) ?? new Uint8Array(await crypto.subtle.digest(algorithm, data));
  return {
    digest: (args) => {
      const id = given.number(args, 0);
      const algorithm = given.text(args, 1);
      if (!Number.isSafeInteger(id) || !arrivals.expect(id)) return 0;
      const data = given.bytes(args, 2);
      const done = (digest: Uint8Array<ArrayBuffer> | undefined): void =>
        arrivals.arrive({
          id,
          text: JSON.stringify({ value: null, bytes: digest !== undefined }),
          bytes: digest,
          ownsBytes: true,
        });
      if (data === undefined || algorithm === undefined || !DIGESTS.has(algorithm)) done(undefined);
      else {
        charge(data.byteLength);
        // `crypto.subtle` makes a copy of its own.
        const letGo = held.hold((host.digest === undefined ? 2 : 1) * data.byteLength);
        void inTurn(() => digestOf(algorithm, data))
          .then(done, () => done(undefined))
          .finally(letGo);
      }
      return 0;
    },
    subtle: (args) => {
      const id = given.number(args, 0);
      const request = given.text(args, 1);
      if (!Number.isSafeInteger(id) || !arrivals.expect(id)) return 0;
      const data = given.bytes(args, 2);
      const repeats = run.deterministic !== undefined;
      const asked = request !== undefined && request.length <= run.limits.hostCallBytes ? request : '';
      void subtlePrimitive(asked, data ?? new Uint8Array(), { charge, repeats, inTurn }).then((answer) =>
        arrivals.arrive({
          id,
          text: JSON.stringify({ value: JSON.parse(answer.text), bytes: answer.bytes !== undefined }),
          bytes: answer.bytes,
          ownsBytes: true,
        }),
      );
      return 0;
    },
  };
}
