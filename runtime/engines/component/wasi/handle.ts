import type { FsOperations } from '../../../contracts/operations/fs.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { err, type FsErrorCode, fsErrorCode, ok, type Result } from './errors.ts';

type Arguments<Name extends keyof FsOperations> = FsOperations[Name]['args'];
type Value<Name extends keyof FsOperations> = FsOperations[Name]['value'];

export interface FsReply<Name extends keyof FsOperations> {
  readonly value: Value<Name>;
  readonly bytes: Uint8Array;
}

/** One fs operation, answered as WASI answers. */
export function fsCall<Name extends keyof FsOperations>(
  run: ComponentRun,
  name: Name,
  args: Arguments<Name>,
  bytes?: Uint8Array,
): Eventually<Result<FsReply<Name>, FsErrorCode>> {
  // Arguments are plain JSON records; absent optional fields are left out, never undefined.
  const plain = args as unknown as Record<string, string | number | boolean>;
  return after(run.call(name, plain, bytes), (answer) =>
    answer.ok
      ? // The reply's value is the host function's own, of the type its contract names.
        ok({ value: answer.value as unknown as Value<Name>, bytes: answer.bytes ?? new Uint8Array() })
      : err(fsErrorCode(answer)),
  );
}

/** An open file or folder of the host side, shared by a descriptor and the streams made from it; closed with the last of them. */
export interface SharedHandle {
  /** The number to use in calls; opens the folder behind a preopen when it is first needed. */
  readonly number: () => Eventually<Result<number, FsErrorCode>>;
  readonly retain: () => void;
  readonly release: () => void;
}

export function shareHandle(
  run: ComponentRun,
  opened: number | (() => Eventually<Result<number, FsErrorCode>>),
): SharedHandle {
  let state: Eventually<Result<number, FsErrorCode>> | undefined =
    typeof opened === 'number' ? ok(opened) : undefined;
  let users = 1;
  return {
    number: () => {
      if (state === undefined && typeof opened === 'function') {
        state = after(opened(), (answer) => {
          state = answer.tag === 'ok' ? answer : undefined; // a refused folder may be asked for again
          return answer;
        });
      }
      return state ?? err('bad-descriptor');
    },
    retain: () => {
      users += 1;
    },
    release: () => {
      users -= 1;
      if (users > 0 || state === undefined) return;
      const close = (answer: Result<number, FsErrorCode>): void => {
        if (answer.tag === 'ok') run.send('fs.close', { handle: answer.val });
      };
      // An opening that is still under way fails when the run has ended, and the gate closes what it opened.
      if (state instanceof Promise) state.then(close, () => {});
      else close(state);
      state = err('bad-descriptor');
    },
  };
}
