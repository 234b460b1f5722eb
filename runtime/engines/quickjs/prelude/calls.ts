import { createCallTurns } from './call-turns.ts';
import { DomException } from './events.ts';
import type { Host } from './host.ts';
import {
  apply,
  define,
  defineProperty,
  ErrorType,
  exactBuffer,
  jsonParse,
  jsonStringify,
  MapType,
  mapDelete,
  mapGet,
  mapSet,
  PromiseType,
  promiseThen,
  TypeErrorType,
  typedArrayBytes,
  WeakMapType,
  weakGet,
  weakSet,
} from './primordials.ts';
import { withoutFrames } from './stack.ts';
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
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What the caller gets of the answer. */
  readonly take: ((answer: Answer) => unknown) | undefined;
  /** Bytes that go with the call. */
  readonly size: number;
}

/** Which error object is which refusal of the host. Only the objects made here are in it, so a copy is just an error. */
let refusals = new WeakMapType<object, number>();

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

const refusalError = (refused: Refused): SandglassError => {
  const error = new SandglassError(refused.message);
  const own = error as unknown as Record<string, unknown>; // its fields are filled in here, once
  own.code = refused.code;
  if (refused.hint !== undefined) own.hint = refused.hint;
  if (refused.details !== undefined) own.details = refused.details;
  weakSet(refusals, error, refused.id);
  return bare(error);
};

/**
 * Takes the stack off an error that is about to be handed to the guest: QuickJS writes one where an error without it is thrown, and that is
 * the guest's own `await`. An error that is never thrown has the empty stack of `Error.prototype`.
 */
const bare = <E extends object>(error: E): E => {
  withoutFrames(error);
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

/** What the host tells of a call. */
interface Given {
  readonly value?: unknown;
  readonly bytes?: boolean;
  readonly refused?: Refused;
}

const NOTHING: Given = { value: null, bytes: false };

/** A success as it was told. @throws {SandglassError} for a refusal. */
const answered = (text: string): Given => {
  const given: Given = text === '' ? NOTHING : jsonParse(text);
  if (given.refused !== undefined) throw refusalError(given.refused);
  return given;
};

/** The run's connection to the gate. */
export interface Calls {
  /** Resolves to the answer, or to what `take` makes of it. */
  call(operation: string, args: object, bytes?: Uint8Array<ArrayBuffer>): Promise<Answer>;
  call<T>(
    operation: string,
    args: object,
    bytes: Uint8Array<ArrayBuffer> | undefined,
    take: (answer: Answer) => T,
  ): Promise<T>;
  readonly callSync: (operation: string, args: object, bytes?: Uint8Array<ArrayBuffer>) => Answer;
  /** A call whose one argument is a path. Returns if it succeeds, whatever it answers. */
  readonly trySync: (operation: string, path: string) => void;
  /** An operation of `crypto.subtle`: JSON in, JSON and bytes out. */
  readonly subtle: (request: string, bytes: Uint8Array<ArrayBuffer>) => Promise<Answer>;
  readonly digest: (algorithm: string, bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>;
  /** The error for a module that cannot be loaded: JSON `{ message, refusal? }`. */
  readonly failure: (text: string) => Error;
  /** The host has an answer, empty for a success with no value; called by the host only. */
  readonly settle: (id: number, answer: string, bytes: ArrayBuffer | undefined) => void;
  /** Forgets the calls and the refusals of a run that has ended: no answer comes any more, and the ids of refusals are given anew. */
  readonly drop: () => void;
}

export const createCalls = (host: Host): Calls => {
  let waiting = new MapType<number, Waiting>();
  let last = 0;
  const turns = createCallTurns();
  const wait = (
    body: Uint8Array<ArrayBuffer> | undefined,
    send: (id: number, body: ArrayBuffer | undefined) => void,
    take?: Waiting['take'],
  ): Promise<unknown> =>
    new PromiseType((resolve, reject) => {
      last += 1;
      const id = last;
      const size = body === undefined ? 0 : typedArrayBytes(body);
      mapSet(waiting, id, { resolve, reject, take, size });
      turns.begin(body, size, (now) => send(id, now));
    });
  return {
    drop: () => {
      waiting = new MapType();
      turns.drop();
      refusals = new WeakMapType();
    },
    call: (
      operation: string,
      args: object,
      bytes?: Uint8Array<ArrayBuffer>,
      take?: Waiting['take'],
    ): Promise<never> => {
      let text: string;
      try {
        text = checked(operation, args, bytes);
      } catch (error) {
        return new PromiseType((_, reject) => reject(error));
      }
      const send = (id: number, body: ArrayBuffer | undefined): void => host.call(id, operation, text, body);
      return wait(bytes, send, take) as Promise<never>; // what it resolves to is what `take` says, or an Answer
    },
    callSync: (operation, args, bytes) => {
      const text = checked(operation, args, bytes);
      const answer = answered(
        host.callSync(operation, text, bytes === undefined ? undefined : exactBuffer(bytes), false),
      );
      return { value: answer.value, bytes: answer.bytes === true ? host.takeBytes() : undefined };
    },
    trySync: (operation, path) => {
      // By hand: as an object, its one property would cost as much as the rest of the call.
      const text = `{"path":${jsonStringify(path)}}`;
      if (text.length > setup.hostCallBytes) throw tooLarge(operation, text.length);
      answered(host.callSync(operation, text, undefined, true));
    },
    subtle: (request, bytes) =>
      wait(bytes, (id, body) => host.subtle(id, request, body as ArrayBuffer)) as Promise<Answer>, // no `take`
    digest: (algorithm, bytes) =>
      wait(
        bytes,
        (id, body) => host.digest(id, algorithm, body as ArrayBuffer), // it was given one
        ({ bytes: digest }) => {
          if (digest === undefined)
            throw new DomException('Unrecognized algorithm name', 'NotSupportedError');
          return digest;
        },
      ) as Promise<ArrayBuffer>, // what `take` answers
    failure: (text) => {
      const { message, refusal } = jsonParse(text);
      if (refusal === undefined || refusal.details?.reason === 'not-found') {
        const error =
          refusal === undefined
            ? new ErrorType(message)
            : refusalError({ __proto__: null, ...refusal, message } as Refused);
        (error as { code?: string }).code = 'ERR_MODULE_NOT_FOUND';
        return error;
      }
      return refusalError({ __proto__: null, ...refusal, message } as Refused);
    },
    settle: (id, text, bytes) => {
      const one = mapGet(waiting, id) as Waiting | undefined;
      if (one === undefined) return;
      mapDelete(waiting, id);
      const { resolve, reject, take, size } = one;
      turns.end(size);
      const given: Given = text === '' ? NOTHING : jsonParse(text);
      if (given.refused !== undefined) {
        reject(refusalError(given.refused));
        return;
      }
      // No prototype: a `then` of Object.prototype is none of an answer's.
      const answer = { __proto__: null, value: given.value, bytes } as Answer;
      try {
        resolve(take === undefined ? answer : take(answer));
      } catch (error) {
        reject(error);
      }
    },
  };
};

/** A function of the prelude as guests call it: what it rejects with gets the stack of the guest's own `await`. */
export const exposed = <A extends unknown[], R>(
  fn: (this: unknown, ...args: A) => Promise<R>,
): ((this: unknown, ...args: A) => Promise<R>) =>
  function (...args) {
    return new PromiseType((resolve, reject) => {
      promiseThen(apply(fn, this, args), resolve, (error) => {
        reject(refusalOf(error) === undefined ? error : bare(error as object));
      });
    });
  };

/** Does the same to a method in its place. */
export const exposeMethod = (prototype: object, name: string): void => {
  const method = (prototype as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
  if (method === undefined) throw new ErrorType(`no method ${name}`);
  const wrapped = exposed(method);
  defineProperty(wrapped, 'name', { value: name, configurable: true });
  define(prototype, name, wrapped);
};
