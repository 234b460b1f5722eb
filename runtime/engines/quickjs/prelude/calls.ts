import type { Host } from './host.ts';
import {
  define,
  ErrorType,
  exactBuffer,
  jsonParse,
  jsonStringify,
  objectCreate,
  PromiseType,
  TypeErrorType,
  typedArrayBytes,
  weakGet,
  weakSet,
} from './primordials.ts';
import { setup } from './state.ts';

/** A refusal as the host words it. */
export interface Refused {
  readonly id: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly details?: { readonly [key: string]: unknown };
}

export interface Answer {
  readonly value: unknown;
  readonly bytes: ArrayBuffer | undefined;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  readonly trace: Error;
}

/** Which error object is which refusal of the host. Only the objects made here are in it, so a copy is just an error. */
const refusals = new WeakMap<object, number>();

export const refusalOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null ? weakGet(refusals, error) : undefined;

/** Marks another error object as standing for the same refusal: a `TypeError` of `fetch`, an `ENOENT`. */
export const standFor = <E extends object>(error: E, refusal: unknown): E => {
  const id = refusalOf(refusal);
  if (id !== undefined) weakSet(refusals, error, id);
  return error;
};

export class SandglassError extends ErrorType {
  declare readonly code: string;
  declare readonly hint: string | undefined;
  declare readonly details: { readonly [key: string]: unknown } | undefined;
}
define(SandglassError.prototype, 'name', 'SandglassError');

const refusalError = (refused: Refused, trace: Error): SandglassError => {
  const error = new SandglassError(refused.message);
  define(error, 'stack', trace.stack);
  const own = error as unknown as Record<string, unknown>; // its fields are filled in here, once
  own.code = refused.code;
  if (refused.hint !== undefined) own.hint = refused.hint;
  if (refused.details !== undefined) own.details = refused.details;
  weakSet(refusals, error, refused.id);
  return error;
};

const tooLarge = (operation: string, size: number): Error =>
  new RangeError(
    `Cannot call ${operation}: an argument of ${size} bytes is over the limit of ${setup.hostCallBytes} (hostCallBytes)`,
  );

const checked = (operation: string, args: object, bytes: Uint8Array<ArrayBuffer> | undefined): string => {
  const text = jsonStringify(args) as string | undefined; // a function has no JSON
  if (text?.[0] !== '{') throw new TypeErrorType(`Cannot call ${operation}: its arguments are no object`);
  if (text.length > setup.hostCallBytes) throw tooLarge(operation, text.length);
  if (bytes !== undefined && typedArrayBytes(bytes) > setup.hostCallBytes) {
    throw tooLarge(operation, typedArrayBytes(bytes));
  }
  return text;
};

/** The run's connection to the gate. */
export interface Calls {
  readonly call: (operation: string, args: object, bytes?: Uint8Array<ArrayBuffer>) => Promise<Answer>;
  readonly callSync: (operation: string, args: object, bytes?: Uint8Array<ArrayBuffer>) => Answer;
  readonly digest: (algorithm: string, bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>;
  /** The error for a module that cannot be loaded: JSON `{ message, refusal? }`. */
  readonly failure: (text: string) => Error;
  /** The host has an answer; called by the host only. */
  readonly settle: (id: number, answer: string, bytes: ArrayBuffer | undefined) => void;
}

export const createCalls = (host: Host): Calls => {
  const waiting = objectCreate(null) as Record<number, Waiting>;
  let last = 0;
  const wait = (begin: (id: number) => void): Promise<Answer> =>
    new PromiseType((resolve, reject) => {
      last += 1;
      waiting[last] = { resolve, reject, trace: new ErrorType() };
      begin(last);
    });
  return {
    call: (operation, args, bytes) =>
      wait((id) => {
        const text = checked(operation, args, bytes);
        host.call(id, operation, text, bytes === undefined ? undefined : exactBuffer(bytes));
      }),
    callSync: (operation, args, bytes) => {
      const text = checked(operation, args, bytes);
      const answer = jsonParse(
        host.callSync(operation, text, bytes === undefined ? undefined : exactBuffer(bytes)),
      );
      if (answer.refused !== undefined) throw refusalError(answer.refused, new ErrorType());
      return { value: answer.value, bytes: answer.bytes === true ? host.takeBytes() : undefined };
    },
    digest: async (algorithm, bytes) => {
      const { bytes: digest } = await wait((id) => host.digest(id, algorithm, exactBuffer(bytes)));
      if (digest === undefined) throw new TypeError(`Cannot digest: unknown algorithm ${algorithm}`);
      return digest;
    },
    failure: (text) => {
      const { message, refusal } = jsonParse(text);
      return refusal === undefined
        ? new ErrorType(message)
        : refusalError({ __proto__: null, ...refusal, message } as Refused, new ErrorType());
    },
    settle: (id, text, bytes) => {
      const one = waiting[id];
      if (one === undefined) return;
      delete waiting[id];
      const answer = jsonParse(text);
      if (answer.refused !== undefined) one.reject(refusalError(answer.refused, one.trace));
      else one.resolve({ __proto__: null, value: answer.value, bytes } as Answer); // no `then` of Object.prototype
    },
  };
};
