import type { BufferCount } from './buffers.ts';
import type { RealmPort } from './contract.ts';

/** Where Pyodide takes its streams from. */
export interface StreamTaker {
  setStdin(options: object): void;
  setStdout(options: object): void;
  setStderr(options: object): void;
}

export interface RealmStreams {
  /** Gives an interpreter its streams, at the start of a run's input. */
  open(api: StreamTaker): void;
  /** Nobody but the rehearsal has had the streams, which has left them as they were. */
  areFresh(): void;
}

/** Runs inside the guest's realm; see `bootRealm`. The standard streams of one run after another. */
export function openStreams(
  port: Pick<RealmPort, 'write'>,
  buffers: Pick<BufferCount, 'copyOf'>,
  fileBytes: (name: string) => Uint8Array,
): RealmStreams {
  const { apply } = Reflect;
  const Bytes = Uint8Array;
  const setBytes = Bytes.prototype.set;
  const subarrayOf = Bytes.prototype.subarray;
  const stream = (number: number) => ({
    isatty: false,
    write: (bytes: Uint8Array): number => {
      const whole = buffers.copyOf(bytes);
      const { byteLength } = whole;
      port.write(number, whole, 0, byteLength);
      return byteLength;
    },
  });
  let stdin: Uint8Array = new Bytes();
  let stdinAt = 0;
  let fresh = false;
  return {
    open: (api) => {
      if (!fresh) {
        api.setStdin({
          isatty: false,
          read: (into: Uint8Array): number => {
            const part = apply(subarrayOf, stdin, [stdinAt, stdinAt + into.length]) as Uint8Array;
            apply(setBytes, into, [part]);
            stdinAt += part.length;
            return part.length;
          },
        });
        api.setStdout(stream(1));
        api.setStderr(stream(2));
      }
      fresh = false;
      stdin = fileBytes('stdin');
      stdinAt = 0;
    },
    areFresh: () => {
      fresh = true;
    },
  };
}
