import type { HostAnswer } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import type {
  HostContext,
  HostFunction,
  HostReply,
  HostService,
  MountView,
  OperationInfo,
} from '../contracts/host-function.ts';
import { inOwnBuffer } from '../vocabulary/bytes.ts';
import { copyJson, type JsonObject, type JsonValue } from '../vocabulary/codec.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { AuditLine } from '../vocabulary/events.ts';
import type { Limits } from '../vocabulary/limits.ts';
import { MOST_DEPTH, OVERSIZE, TOO_DEEP } from './markers.ts';

export interface GateOptions {
  readonly runId: string;
  readonly limits: Limits;
  /** Host function name → its checked-in-form part of the grant. */
  readonly parts: ReadonlyMap<string, JsonValue>;
  readonly hostFunctions: ReadonlyMap<string, HostFunction>;
  /** Level `strict` and above: host functions that reach the network are refused. */
  readonly noNetwork: boolean;
  readonly level: string;
  readonly context: Omit<HostContext, 'limits' | 'signal'>;
  readonly monotonic: () => number;
  readonly onAudit?: (line: AuditLine) => void;
  /** Told what a host function threw that it should not: a bug, of which the guest learns nothing but that there is one. */
  readonly onFault?: (error: unknown) => void;
}

/** How many refusals after the call budget is spent still get an audit line each. */
const AUDITED_OVERRUNS = 10;

/**
 * Opens the services that the grant has a part for; the others open when a guest first calls them.
 * @throws {TypeError | RangeError} when a host function finds its part malformed.
 */
export async function openGate(options: GateOptions): Promise<Gate> {
  const { limits, hostFunctions, parts } = options;
  /** Both are made with the first service: most runs open none. */
  let ended: AbortController | undefined;
  let context: HostContext | undefined;
  const services = new Map<string, HostService>();
  const opening = new Map<string, Promise<HostService>>();
  const refusals: SandglassError[] = [];
  const hostCalls = new Map<string, number>();
  let calls = 0;
  let egressBytes = 0;
  let ingressBytes = 0;
  let closed: Promise<void> | undefined;

  const contextOf = (): HostContext => {
    ended ??= new AbortController();
    context ??= { ...options.context, limits, signal: ended.signal };
    return context;
  };
  const open = (host: HostFunction): HostService | Promise<HostService> => {
    const ready = services.get(host.name) ?? opening.get(host.name);
    if (ready !== undefined) return ready;
    const service = host.open(parts.get(host.name), contextOf());
    if (!(service instanceof Promise)) {
      services.set(host.name, service);
      return service;
    }
    const pending = service.then((value) => {
      services.set(host.name, value);
      opening.delete(host.name);
      return value;
    });
    opening.set(host.name, pending);
    return pending;
  };

  const refuse = (error: SandglassError): HostAnswer => {
    refusals.push(error);
    const { code, message, hint, details } = error;
    return {
      ok: false,
      refusal: {
        id: refusals.length,
        code,
        message,
        ...(hint === undefined ? {} : { hint }),
        ...(details === undefined ? {} : { details }),
      },
    };
  };

  /** Everything that must hold before a host function sees the call. Counts it, also when it is refused. */
  const admit = (operation: string, info: OperationInfo, capability: string, host: HostFunction): void => {
    if (closed !== undefined)
      throw new SandglassError('CANCELLED', `Cannot call ${operation}: the run has ended`);
    if (info.kind === 'act') {
      hostCalls.set(capability, (hostCalls.get(capability) ?? 0) + 1);
      calls += 1;
      if (calls > limits.hostCalls) {
        throw new SandglassError(
          'HOST_CALLS_EXCEEDED',
          `Cannot call ${operation}: the run's ${limits.hostCalls} host calls are spent`,
          { hint: 'Raise limits.hostCalls, or make fewer calls', details: { limit: limits.hostCalls } },
        );
      }
    }
    if (options.noNetwork && host.network) {
      throw new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot call ${operation}: isolation level ${options.level} allows no network`,
        { details: { capability, requested: operation }, hint: 'Use level standard; do not retry' },
      );
    }
  };

  const audit = (
    operation: string,
    capability: string,
    started: number,
    answer: HostAnswer,
    reply: HostReply | undefined,
  ): void => {
    if (options.onAudit === undefined) return;
    if (
      !answer.ok &&
      answer.refusal.code === 'HOST_CALLS_EXCEEDED' &&
      calls > limits.hostCalls + AUDITED_OVERRUNS
    )
      return;
    options.onAudit({
      time: options.context.now(),
      runId: options.runId,
      operation,
      capability,
      decision: answer.ok ? 'allowed' : 'refused',
      ...(answer.ok ? {} : { code: answer.refusal.code }),
      durationMs: options.monotonic() - started,
      egressBytes: reply?.egressBytes ?? 0,
      ingressBytes: reply?.ingressBytes ?? 0,
    });
  };

  const call = (
    operation: unknown,
    rawArgs: unknown,
    rawBytes: unknown,
  ): HostAnswer | Promise<HostAnswer> => {
    const started = options.monotonic();
    const name = typeof operation === 'string' && operation.length <= 64 ? operation : '?';
    const host = hostFunctions.get(name.slice(0, Math.max(0, name.indexOf('.'))));
    const info =
      host !== undefined && Object.hasOwn(host.operations, name) ? host.operations[name] : undefined;
    let capability = info?.capability ?? 'unknown';

    const accept = (reply: HostReply): HostAnswer => {
      egressBytes += reply.egressBytes ?? 0;
      ingressBytes += reply.ingressBytes ?? 0;
      if (reply.bytes !== undefined && reply.bytes.byteLength > limits.hostCallBytes) {
        return reject(
          new SandglassError(
            'HOST_CALL_FAILED',
            `Cannot answer ${name}: over ${limits.hostCallBytes} bytes`,
            {
              details: { reason: 'too-large' },
              hint: 'Read in chunks, or raise limits.hostCallBytes',
              retryable: false,
            },
          ),
        );
      }
      const answer: HostAnswer = {
        ok: true,
        value: reply.value ?? null,
        ...(reply.bytes === undefined ? {} : { bytes: reply.bytes }),
        ...(reply.givesBytes === true ? { ownsBytes: true } : {}),
      };
      audit(name, capability, started, answer, reply);
      return answer;
    };
    const reject = (error: unknown): HostAnswer => {
      // A host function that throws anything else has a bug; its text may hold host paths, so the guest gets none of it.
      const known =
        error instanceof SandglassError
          ? error
          : new SandglassError('INTERNAL', `Cannot serve ${name}: the host function failed`, {
              cause: error,
            });
      // What a host function throws because the run is over is no fault.
      if (known !== error && closed === undefined) options.onFault?.(error);
      const answer = refuse(known);
      audit(name, capability, started, answer, undefined);
      return answer;
    };

    try {
      if (host === undefined || info === undefined) {
        throw new SandglassError('UNSUPPORTED', `Cannot call ${name}: no host function serves it`);
      }
      const args = checkArgs(name, rawArgs, limits.hostCallBytes);
      if (args instanceof SandglassError) {
        admit(name, info, capability, host);
        throw args;
      }
      capability = info.capabilityOf?.(args) ?? capability;
      admit(name, info, capability, host);
      const bytes = checkBytes(name, rawBytes, limits.hostCallBytes);
      const service = open(host);
      const request = { args, bytes, signal: contextOf().signal };
      const reply =
        service instanceof Promise
          ? service.then((ready) => ready.call(name, request))
          : service.call(name, request);
      return reply instanceof Promise ? reply.then(accept).catch(reject) : accept(reply);
    } catch (error) {
      return reject(error);
    }
  };

  const granted: string[] = [];
  const mounts: MountView[] = [];
  let base: string | undefined;
  try {
    for (const name of parts.keys()) {
      const host = hostFunctions.get(name);
      if (host === undefined) continue; // checkGrant has refused unknown names
      const service = await open(host);
      granted.push(name);
      mounts.push(...(service.mounts ?? []));
      base ??= service.base;
    }
  } catch (error) {
    await closeAll(services.values());
    throw error;
  }

  return {
    mounts,
    base,
    granted,
    openFolders: async () => {
      for (const host of hostFunctions.values()) {
        if (host.folders !== true || parts.has(host.name)) continue;
        mounts.push(...((await open(host)).mounts ?? []));
      }
    },
    call,
    refuseBlocking: (operation) =>
      refuse(
        new SandglassError(
          'UNSUPPORTED',
          `Cannot call ${operation}: this guest cannot wait in the host's own thread`,
          {
            hint: 'Run it at isolation level standard, in a worker',
          },
        ),
      ),
    refusal: (id) => refusals[id - 1],
    lastRefusal: () => refusals.at(-1),
    usage: () => ({ hostCalls: Object.fromEntries(hostCalls), egressBytes, ingressBytes }),
    close: () => {
      closed ??= (async () => {
        ended?.abort();
        await Promise.allSettled(opening.values());
        await closeAll(services.values());
      })();
      return closed;
    },
  };
}

/** The arguments as JSON, or why they are none. */
function checkArgs(operation: string, value: unknown, maxBytes: number): JsonObject | SandglassError {
  let copied: JsonValue;
  try {
    copied = copyJson(value, 'args', { maxBytes, maxDepth: MOST_DEPTH });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not JSON';
    return new SandglassError('INPUT_INVALID', `Cannot call ${operation}: ${reason}`);
  }
  if (isObject(copied)) {
    if (typeof copied[OVERSIZE] === 'number') return oversize(operation, copied[OVERSIZE], maxBytes);
    if (copied[TOO_DEEP] === true) {
      return new SandglassError(
        'INPUT_INVALID',
        `Cannot call ${operation}: args are nested deeper than ${MOST_DEPTH}`,
      );
    }
    return copied;
  }
  return new SandglassError('INPUT_INVALID', `Cannot call ${operation}: expected an object of arguments`);
}

const isObject = (value: JsonValue): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function checkBytes(operation: string, value: unknown, maxBytes: number): Uint8Array | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof Uint8Array)) {
    throw new SandglassError('INPUT_INVALID', `Cannot call ${operation}: expected bytes as a Uint8Array`);
  }
  if (value.byteLength > maxBytes) {
    throw oversize(operation, value.byteLength, maxBytes);
  }
  // A view into a larger or shared buffer is memory that its sender can still write to: checked bytes must not change afterwards.
  return inOwnBuffer(value);
}

const oversize = (operation: string, bytes: number, maxBytes: number): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call ${operation}: ${bytes} bytes are over ${maxBytes}`, {
    hint: 'Send it in chunks, or raise limits.hostCallBytes',
    details: { reason: 'too-large' },
  });

async function closeAll(services: Iterable<HostService>): Promise<void> {
  // One service that fails to close must not keep the others open; nothing of it reaches a guest any more.
  await Promise.allSettled([...services].map(async (service) => service.close()));
}
