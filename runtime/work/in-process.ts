import type { JobHandler, Queue } from '../contracts/queue.ts';
import { checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import { copyJson, copyJsonSlices } from '../vocabulary/copy-json.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { guarded } from '../vocabulary/guarded.ts';
import { inSlices } from '../vocabulary/in-slices.ts';
import type { JsonValue } from '../vocabulary/json.ts';
import { MOST_FIELDS } from '../vocabulary/size-of-json.ts';
import { MIB } from '../vocabulary/units.ts';
import { createLanes, type LanesOptions } from './lanes.ts';
import type { Ticket } from './scheduler.ts';

export interface InProcessOptions extends LanesOptions {
  /** One payload as JSON, bytes, 1..1 GiB. Over it: INPUT_INVALID. @default 64 MiB */
  readonly maxPayloadBytes?: number;
  /** Told, once, of what a listener of `onOutput` throws; the job goes on. @default one line to the console */
  readonly onError?: (error: unknown) => void;
}

/** Deeper than any value of a run, which a job has a few levels above it. */
const MOST_DEPTH = 160;

const FIELDS: Readonly<Record<keyof InProcessOptions, FieldKind>> = {
  concurrency: 'any',
  maxQueued: 'any',
  ageMs: 'any',
  clock: 'object',
  maxPayloadBytes: 'any',
  onError: 'function',
};

/**
 * A queue in this process: FIFO within one priority, nothing kept on disk, no timer but a drain's.
 * @throws {TypeError | RangeError} naming the option that is unknown, of the wrong kind, or out of range.
 */
export function createInProcessScheduler(options: InProcessOptions = {}): Queue {
  checkFields(options, FIELDS, 'create a scheduler');
  const {
    maxPayloadBytes = 64 * MIB,
    onError = (error: unknown) => console.error('sandglass: a listener of a job failed:', error),
    ...lanesOptions
  } = options;
  if (!Number.isInteger(maxPayloadBytes) || maxPayloadBytes < 1 || maxPayloadBytes > 1024 * MIB) {
    throw new RangeError(
      `Cannot use maxPayloadBytes ${maxPayloadBytes}: expected a whole number from 1 to ${1024 * MIB}`,
    );
  }
  const lanes = createLanes(lanesOptions);
  const handlers = new Map<string, JobHandler>();
  /** Jobs that go on. */
  const live = new Map<string, Ticket<JsonValue>>();
  /** Listeners may come before their job. */
  const listening = new Map<string, Set<(output: JsonValue) => void>>();

  const tell = (id: string, output: JsonValue): void => {
    const listeners = listening.get(id);
    if (listeners === undefined) return;
    const copied = copyJson(output, 'output', { maxBytes: maxPayloadBytes, maxDepth: MOST_DEPTH });
    for (const listener of [...listeners]) listener(copied);
  };

  return {
    async add({ kind, payload, priority, id = `job-${crypto.randomUUID()}` }) {
      const handler = handlers.get(kind);
      if (handler === undefined)
        throw new TypeError(`Cannot queue a job: nothing serves its kind ${JSON.stringify(kind)}`);
      const copied = await copyPayload(payload, maxPayloadBytes);
      if (live.has(id)) throw new TypeError(`Cannot queue a job: one of id ${JSON.stringify(id)} goes on`);
      const ticket = lanes.submit<JsonValue>({
        ...defined({ priority }),
        run: async ({ signal, queuedMs }) => {
          await undefined; // whoever added it knows that it was taken before it does anything
          const emit = (output: JsonValue): void => tell(id, output);
          const result = await handler(copied, { id, signal, queuedMs, emit });
          return inSlices(copyJsonSlices(result, 'result', { maxDepth: MOST_DEPTH }));
        },
      });
      live.set(id, ticket);
      const forget = (): void => {
        live.delete(id);
        listening.delete(id);
      };
      ticket.result.then(forget, forget);
      return {
        id,
        get state() {
          return ticket.state;
        },
        get queuedMs() {
          return ticket.queuedMs;
        },
        result: ticket.result,
      };
    },
    serve(more) {
      for (const kind of Object.keys(more)) {
        if (handlers.has(kind))
          throw new TypeError(`Cannot serve ${JSON.stringify(kind)}: it is served already`);
      }
      for (const [kind, handler] of Object.entries(more)) handlers.set(kind, handler);
    },
    onOutput(id, given) {
      const listener = guarded(given, onError);
      const listeners = listening.get(id) ?? new Set();
      listening.set(id, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) listening.delete(id);
      };
    },
    cancel(id) {
      const ticket = live.get(id);
      ticket?.cancel();
      return ticket !== undefined;
    },
    counts: lanes.counts,
    drain: lanes.drain,
  };
}

/** @throws {SandglassError} INPUT_INVALID @throws {TypeError} */
async function copyPayload(payload: JsonValue, maxBytes: number): Promise<JsonValue> {
  try {
    return await inSlices(copyJsonSlices(payload, 'payload', { maxBytes, maxDepth: MOST_DEPTH }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Over its bytes, or an object of it over its fields.
    const reason = error.message.replace(/^Cannot copy /, '');
    throw new SandglassError('INPUT_INVALID', `Cannot queue a job: ${reason}`, {
      details: { limit: maxBytes, maxFields: MOST_FIELDS },
    });
  }
}
