import { Ajv } from 'ajv';
import { holdsMore } from '../../vocabulary/size-of-json.ts';
import type { QueuedCallOptions } from '../../work/tool-calls.ts';
import { explainFirst, invalid } from './explain-body.ts';
import { CALL_SCHEMA, CALLS_SCHEMA } from './tool-schema.ts';

/** A checked body of a call. */
export type CallBody = Omit<QueuedCallOptions, 'caller' | 'runId' | 'callId' | 'declined'> & {
  readonly args?: unknown;
};

export interface CallBodyReaders {
  /** @throws {SandglassError} INPUT_INVALID naming the first path that is wrong and what it allows. */
  readonly readCall: (body: unknown) => CallBody;
  readonly readCalls: (body: unknown) => readonly (CallBody & { readonly tool: string })[];
}

/** Values in a call beside its arguments. */
const MOST_VALUES = 100_000;

export function createCallBodyReaders(): CallBodyReaders {
  const ajv = new Ajv({ strict: true, strictTypes: false, allErrors: false });
  const call = ajv.compile(CALL_SCHEMA);
  const calls = ajv.compile(CALLS_SCHEMA);
  const check = (body: unknown): CallBody => {
    if (typeof body === 'object' && body !== null) {
      const { args: _, ...others } = body as { readonly args?: unknown };
      if (holdsMore(others, MOST_VALUES))
        throw invalid('', `more than ${MOST_VALUES} values beside its args`);
    }
    return body as CallBody; // its schema has just said so
  };
  return {
    readCall(body) {
      if (!call(body)) throw explainFirst(call.errors, CALL_SCHEMA);
      return check(body);
    },
    readCalls(body) {
      if (!calls(body)) throw explainFirst(calls.errors, CALLS_SCHEMA);
      const { calls: list } = body as { readonly calls: readonly (CallBody & { readonly tool: string })[] };
      for (const one of list) check(one);
      return list;
    },
  };
}
