import type { HostAnswer } from '../../contracts/engine.ts';
import { type Arrived, freeArrived } from '../../vocabulary/bytes.ts';
import type { PrimitiveParts, Serve } from './primitive-parts.ts';
import { unquoted } from './quoted-text.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** A text was not written: it goes on behind a NUL. */
const CUT = 1;

/** Output, and calls of the host: an answer's bytes are taken by a call of their own. */
export function callPrimitives(
  parts: PrimitiveParts,
): Serve<'write' | 'call' | 'callSync' | 'takeBytes' | 'stdin'> {
  const { machine, run, host, stop, charge, given, arrivals } = parts;
  let waiting: Arrived = {};
  return {
    write: (args) => {
      const told = given.utf8(args, 1);
      const length = given.number(args, 2);
      if (told === undefined) return 0;
      const isJson = length === -1;
      // Of ASCII, as most of it is, the bytes are as many as the letters.
      if (!isJson && told.byteLength !== length && decoder.decode(told).length !== length)
        return machine().newNumber(CUT);
      const stream = given.number(args, 0) === 1 ? 'stderr' : 'stdout';
      const whole = isJson ? encoder.encode(unquoted(decoder.decode(told))) : told;
      if (!host.write(stream, whole)) stop('output');
      return 0;
    },
    call: (args) => {
      const id = given.number(args, 0);
      const operation = given.text(args, 1);
      const request = given.request(args, 2);
      if (!Number.isSafeInteger(id) || operation === undefined || request === undefined) return 0;
      if (!arrivals.expect(id)) return 0;
      const body = given.bytes(args, 3);
      arrivals.begin(() => {
        void host
          .call(operation, request, body)
          .then((answer) => arrivals.arrive({ id, text: answerText(answer), ...payload(answer) }));
      });
      return 0;
    },
    callSync: (args) => {
      const operation = given.text(args, 0);
      const request = given.request(args, 1);
      if (operation === undefined || request === undefined) return 0;
      const answer = host.callSync(operation, request, given.bytes(args, 2));
      const drop = given.flag(args, 3);
      freeArrived(waiting); // the guest has not taken it
      waiting = payload(answer);
      if (drop) {
        freeArrived(waiting);
        waiting = {};
      }
      const told = answerText(answer, drop);
      charge(told.length);
      return machine().newText(told);
    },
    takeBytes: () => {
      const taken = waiting;
      waiting = {};
      if (taken.bytes === undefined) return 0;
      charge(taken.bytes.byteLength);
      return machine().takeBytes(taken);
    },
    stdin: () => {
      charge(run.stdin.byteLength);
      return machine().newBytes(run.stdin);
    },
  };
}

/** @param drop The guest asks only whether it succeeds. */
function answerText(answer: HostAnswer, drop = false): string {
  if (!answer.ok) return JSON.stringify({ refused: answer.refusal });
  if (drop || (answer.value === null && answer.bytes === undefined)) return '';
  return JSON.stringify({ value: answer.value, bytes: answer.bytes !== undefined });
}

const payload = (answer: HostAnswer): Arrived =>
  answer.ok ? { bytes: answer.bytes, ownsBytes: answer.ownsBytes } : {};
