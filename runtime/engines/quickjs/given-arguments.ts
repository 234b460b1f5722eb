import type { JsonObject } from '../../vocabulary/json.ts';
import type { Pointer } from './engine-exports.ts';
import { objectIn } from './guest-json.ts';
import type { Machine } from './machine.ts';
import type { GuestArguments } from './machine-host.ts';

/** Reads what a guest passes. Whatever is of another kind is `undefined`, `NaN` or false, and touches nothing of the guest's. */
export interface GivenArguments {
  text(args: GuestArguments, index: number): string | undefined;
  /** UTF-8 of a text up to its first NUL. */
  utf8(args: GuestArguments, index: number): Uint8Array<ArrayBuffer> | undefined;
  number(args: GuestArguments, index: number): number;
  flag(args: GuestArguments, index: number): boolean;
  /** A private copy; over `hostCallBytes` nothing is copied. */
  bytes(args: GuestArguments, index: number): Uint8Array<ArrayBuffer> | undefined;
  /** The same for what stays inside: never more than the guest's own memory holds. */
  anyBytes(args: GuestArguments, index: number): Uint8Array<ArrayBuffer> | undefined;
  /** Reads bytes where they lie, of any size; `read` calls nothing of the guest. */
  lookAt<T>(args: GuestArguments, index: number, read: (bytes: Uint8Array<ArrayBuffer>) => T): T | undefined;
  /** An object as JSON, of at most `hostCallBytes`. */
  request(args: GuestArguments, index: number): JsonObject | undefined;
}

/** @param charge Bills the copying. */
export function createGivenArguments(
  machine: () => Machine,
  hostCallBytes: number,
  charge: (bytes: number) => void,
): GivenArguments {
  const text = (args: GuestArguments, index: number): string | undefined => {
    if (index >= args.count || machine().kind(args.at(index)) !== 'string') return undefined;
    const read = machine().readText(args.at(index));
    if (read !== undefined) charge(read.length);
    return read;
  };
  const copied = (value: Pointer, length: number): Uint8Array<ArrayBuffer> | undefined => {
    charge(length);
    return machine().readBytes(value);
  };
  /** −1: it has none. */
  const lengthAt = (args: GuestArguments, index: number): number =>
    index >= args.count || machine().kind(args.at(index)) !== 'object'
      ? -1
      : machine().bytesLength(args.at(index));
  return {
    text,
    utf8: (args, index) => {
      if (index >= args.count || machine().kind(args.at(index)) !== 'string') return undefined;
      const read = machine().readUtf8(args.at(index));
      if (read !== undefined) charge(read.byteLength);
      return read;
    },
    number: (args, index) => {
      if (index >= args.count || machine().kind(args.at(index)) !== 'number') return Number.NaN;
      return machine().readNumber(args.at(index));
    },
    flag: (args, index) =>
      index < args.count && machine().kind(args.at(index)) === 'boolean' && machine().isTrue(args.at(index)),
    bytes: (args, index) => {
      const length = lengthAt(args, index);
      return length < 0 || length > hostCallBytes ? undefined : copied(args.at(index), length);
    },
    anyBytes: (args, index) => {
      const length = lengthAt(args, index);
      return length < 0 ? undefined : copied(args.at(index), length);
    },
    lookAt: (args, index, read) => {
      const length = lengthAt(args, index);
      if (length < 0) return undefined;
      charge(length);
      return machine().lookAt(args.at(index), read);
    },
    request: (args, index) => {
      const json = text(args, index);
      return json === undefined || json.length > hostCallBytes ? undefined : objectIn(json);
    },
  };
}
