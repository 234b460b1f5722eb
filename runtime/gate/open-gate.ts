import type { HostAnswer } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import type { AnyHostFunction, HostContext, HostReply } from '../contracts/host-function.ts';
import { BUILT_IN } from '../vocabulary/check-grant.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { AuditLine } from '../vocabulary/events.ts';
import type { Limits } from '../vocabulary/limits.ts';
import { checkArgs, checkBytes, findServed, nameOf, type Served } from './check-call.ts';
import { type CallRecord, createLedger } from './ledger.ts';
import { createServices } from './open-services.ts';

export interface GateOptions {
  readonly runId: string;
  readonly limits: Limits;
  /** Host function name → its part of the grant, as it parsed it. */
  readonly parts: ReadonlyMap<string, unknown>;
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  /** Level `strict` and above: host functions that reach the network are refused. */
  readonly noNetwork: boolean;
  readonly level: string;
  readonly context: Omit<HostContext, 'limits' | 'signal'>;
  readonly monotonic: () => number;
  readonly onAudit?: (line: AuditLine) => void;
  /** Told what a host function threw that it should not: a bug, of which the guest learns nothing but that there is one. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * Opens the services that the grant has a part for; the others open when a guest first calls them.
 * @throws {UnusablePart} when a host function cannot open its part.
 */
export async function openGate(options: GateOptions): Promise<Gate> {
  const { limits, hostFunctions, monotonic } = options;
  const services = createServices({ ...options, context: { ...options.context, limits } });
  const { now } = options.context;
  const ledger = createLedger({
    runId: options.runId,
    maxCalls: limits.hostCalls,
    monotonic,
    now,
    onAudit: options.onAudit,
  });

  /** What must hold before a host function sees the call. Counts it, also when it is refused. */
  const admit = (operation: string, { host, info }: Served, capability: string): void => {
    if (services.closed) throw new SandglassError('CANCELLED', `Cannot call ${operation}: the run has ended`);
    if (info.kind === 'act') ledger.count(operation, capability);
    if (options.noNetwork && host.network) throw noNetwork(operation, capability, options.level);
  };

  const accept = (call: CallRecord, reply: HostReply): HostAnswer => {
    ledger.receive(reply);
    if (reply.bytes !== undefined && reply.bytes.byteLength > limits.hostCallBytes) {
      return reject(call, tooLarge(call.operation, limits.hostCallBytes));
    }
    ledger.allowed(call, reply);
    return {
      ok: true,
      value: reply.value ?? null,
      ...(reply.bytes === undefined ? {} : { bytes: reply.bytes }),
      ...(reply.givesBytes === true ? { ownsBytes: true } : {}),
    };
  };
  const reject = (call: CallRecord, error: unknown): HostAnswer => {
    const known = error instanceof SandglassError ? error : fault(call.operation, error);
    // What a host function throws because the run is over is not a fault.
    if (known !== error && !services.closed) options.onFault?.(error);
    const answer = ledger.refuse(known);
    ledger.refused(call, answer);
    return answer;
  };

  const call: Gate['call'] = (operation, rawArgs, rawBytes) => {
    const started = monotonic();
    const name = nameOf(operation);
    const served = findServed(name, hostFunctions);
    let record: CallRecord = {
      operation: name,
      capability: served?.info.capability ?? 'unknown',
      started,
    };
    try {
      if (served === undefined) {
        throw new SandglassError('UNSUPPORTED', `Cannot call ${name}: no host function serves it`);
      }
      const args = checkArgs(name, rawArgs, limits.hostCallBytes);
      if (!(args instanceof SandglassError) && served.info.capabilityOf !== undefined) {
        record = { ...record, capability: served.info.capabilityOf(args) };
      }
      admit(name, served, record.capability);
      if (args instanceof SandglassError) throw args;
      const request = {
        args,
        bytes: checkBytes(name, rawBytes, limits.hostCallBytes),
        signal: services.signal(),
      };
      const service = services.open(served.host);
      const reply =
        service instanceof Promise
          ? service.then((ready) => ready.call(name, request))
          : service.call(name, request);
      return reply instanceof Promise
        ? reply.then((value) => accept(record, value)).catch((error: unknown) => reject(record, error))
        : accept(record, reply);
    } catch (error) {
      return reject(record, error);
    }
  };

  await services.openGranted();
  return {
    mounts: services.mounts,
    base: services.base,
    granted: services.granted,
    openFolders: services.openFolders,
    scratch: services.scratch,
    call,
    refuseBlocking: (operation) => ledger.refuse(cannotWait(operation)),
    refusal: ledger.refusal,
    lastRefusal: ledger.lastRefusal,
    usage: ledger.usage,
    close: services.close,
  };
}

const noNetwork = (operation: string, capability: string, level: string): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot call ${operation}: isolation level ${level} allows no network`,
    {
      details: { capability, requested: operation, missing: [capability] },
      hint: 'Do without it; do not retry',
    },
  );

const tooLarge = (operation: string, maxBytes: number): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot answer ${operation}: over ${maxBytes} bytes`, {
    details: { reason: 'too-large' },
    hint: 'Read in chunks, or raise limits.hostCallBytes',
    retryable: false,
  });

/**
 * A host function that throws anything but a refusal has a bug: ours is INTERNAL, one of the embedder's is a call that failed. Its text may hold
 * host paths, so neither the guest nor the outcome has any of it; the embedder is told. An embedder who wants to say why throws a SandglassError.
 */
const fault = (operation: string, cause: unknown): SandglassError =>
  new SandglassError(
    BUILT_IN.has(operation.split('.', 1)[0] ?? '') ? 'INTERNAL' : 'HOST_CALL_FAILED',
    `Cannot serve ${operation}: the host function failed`,
    { cause, retryable: false },
  );

const cannotWait = (operation: string): SandglassError =>
  new SandglassError(
    'UNSUPPORTED',
    `Cannot call ${operation}: this guest cannot wait in the host's own thread`,
    { hint: 'Run it at isolation level standard, in a worker' },
  );
