import { SandglassError } from '../../vocabulary/errors.ts';

/** Bytes of all bodies that are being read, or wait with their runs, at one time. */
export interface BodyBudget {
  /** What one request holds; to be let go once. @throws {SandglassError} QUEUE_FULL, from `take`. */
  open(): BodyShare;
}

export interface BodyShare {
  take(bytes: number): void;
  release(): void;
}

export function createBodyBudget(maxBytes: number): BodyBudget {
  let held = 0;
  return {
    open: () => {
      let own = 0;
      return {
        take(bytes) {
          if (held + bytes > maxBytes) {
            throw new SandglassError(
              'QUEUE_FULL',
              `Cannot read the body: over ${maxBytes} bytes of bodies are held`,
              {
                hint: 'Wait until runs have ended, then send it again',
              },
            );
          }
          own += bytes;
          held += bytes;
        },
        release() {
          held -= own;
          own = 0;
        },
      };
    },
  };
}
