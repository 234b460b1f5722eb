import type { HostAnswer } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import type {
  AnyHostFunction,
  HostContext,
  HostFuel,
  HostReply,
  HostRequest,
} from '../contracts/host-function.ts';
import type { Budget } from '../vocabulary/budget.ts';
import { permits, type RunIdentity } from '../vocabulary/caller.ts';
import { BUILT_IN } from '../vocabulary/check-grant.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import { boundedResource, type Resource } from '../vocabulary/resource.ts';
import type { OfTool } from '../vocabulary/telling.ts';
import { checkArgs, checkBytes, findServed, nameOf, type Served } from './check-call.ts';
import { type CallRecord, createLedger } from './ledger.ts';
import { createServices } from './open-services.ts';
import { ownOperations } from './own-operations.ts';

export interface GateOptions {
  readonly identity: RunIdentity;
  /** Its limits are the run's. */
  readonly budget: Budget;
  /** Told of every call. */
  readonly events: EventStream;
  /** Host function name → its part of the grant, as it parsed it. */
  readonly parts: ReadonlyMap<string, unknown>;
  /** The guest's environment: part of what it may know of its grant. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether a host function was taken from the run after it began. */
  readonly revoked?: (host: string) => boolean;
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  /** Level `strict` and above: host functions that reach the network are refused. */
  readonly noNetwork: boolean;
  readonly level: string;
  readonly context: Omit<HostContext, 'run' | 'limits' | 'fuel' | 'signal'>;
  readonly monotonic: () => number;
  /** The call of a tool that the run is for. */
  readonly ofTool?: OfTool | undefined;
  /** Nothing that the run is told may depend on real time. */
  readonly deterministic?: boolean;
  /** Told what a host function threw that it should not: a bug, of which the guest learns nothing but that there is one. */
  readonly onFault?: (error: unknown) => void;
  /** Called once, when the guest has gone on calling for too long with its budget spent. */
  readonly onOverspent?: () => void;
}

/**
 * Opens the services that the grant has a part for; the others open when a guest first calls them.
 * @throws {UnusablePart} when a host function cannot open its part.
 */
export async function openGate(options: GateOptions): Promise<Gate> {
  const { identity, budget, hostFunctions, monotonic } = options;
  const { limits } = budget;
  const context = { ...options.context, run: identity, limits, fuel: fuelOf(budget) };
  const services = createServices({ ...options, context });
  const ledger = createLedger({ ...options, now: options.context.now });
  /** Calls that wait for their host functions. */
  let pending = 0;

  /** What must hold before a host function sees the call. Counts it, also when it is refused. */
  const admit = (call: CallRecord, { host, info }: Served): void => {
    const { operation, capability } = call;
    if (services.closed) throw new SandglassError('CANCELLED', `Cannot call ${operation}: the run has ended`);
    if (info.kind === 'act') {
      ledger.count(call);
      if (host.checksPermissions !== true && !permits(identity.caller, capability))
        throw noPermission(call, capability, identity);
    }
    if (options.revoked?.(host.name) === true) throw wasRevoked(operation, capability);
    if (ledger.overspent !== undefined) throw ledger.overspent;
    if (options.noNetwork && host.network) throw noNetwork(operation, capability, options.level);
  };

  const accept = (call: CallRecord, reply: HostReply): HostAnswer => {
    ledger.receive(reply);
    if (reply.bytes !== undefined && reply.bytes.byteLength > limits.hostCallBytes) {
      return reject(call, tooLarge(call.operation, limits.hostCallBytes));
    }
    ledger.allowed(call, reply);
    return answerOf(reply);
  };
  const reject = (call: CallRecord, error: unknown): HostAnswer => {
    const known = error instanceof SandglassError ? error : fault(call.operation, error);
    // What a host function throws because the run is over is not a fault.
    if (known !== error && !services.closed) options.onFault?.(error);
    return ledger.refused(call, lacksPermission(call, known, identity) ?? known);
  };

  const later = async (call: CallRecord, reply: Promise<HostReply>): Promise<HostAnswer> => {
    pending += 1;
    try {
      return accept(call, await reply);
    } catch (error) {
      return reject(call, error);
    } finally {
      pending -= 1;
    }
  };

  const own = ownOperations({ ...options, context, ledger, reject, services });
  const call: Gate['call'] = (operation, rawArgs, rawBytes, atOnce = false) => {
    const name = nameOf(operation);
    const answered = own(name, rawArgs);
    if (answered !== undefined) return answered;
    const served = findServed(name, hostFunctions);
    const record = newRecord(name, served, monotonic());
    try {
      if (served === undefined) throw unknownOperation(name);
      const args = checkArgs(name, rawArgs, limits.hostCallBytes);
      if (!(args instanceof SandglassError)) {
        record.capability = served.info.capabilityOf?.(args) ?? record.capability;
        if (ledger.wantsResources) record.resource = boundedResource(served.info.resource?.(args));
      }
      admit(record, served);
      if (args instanceof SandglassError) throw args;
      const request: HostRequest = {
        args,
        bytes: checkBytes(name, rawBytes, limits.hostCallBytes),
        signal: services.signal(),
        ...(atOnce ? { atOnce } : {}),
        ...(ledger.wantsResources ? { about: stateIn(record) } : {}),
      };
      const service = services.open(served.host);
      const reply =
        service instanceof Promise
          ? service.then((ready) => ready.call(name, request))
          : service.call(name, request);
      return reply instanceof Promise ? later(record, reply) : accept(record, reply);
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
    lastDenial: ledger.lastDenial,
    overspent: () => ledger.overspent,
    pending: () => pending,
    usage: ledger.usage,
    close: services.close,
  };
}

const fuelOf = ({ left, spendFuel, alone }: Budget): HostFuel => ({
  left: () => left().fuel,
  spend: spendFuel,
  alone,
});

const newRecord = (operation: string, served: Served | undefined, started: number): CallRecord => ({
  operation,
  capability: served?.info.capability ?? 'unknown',
  resource: undefined,
  stated: [],
  started,
});

const unknownOperation = (name: string): SandglassError =>
  new SandglassError('UNSUPPORTED', `Cannot call ${name}: no host function serves it`);

const answerOf = ({ value = null, bytes, givesBytes }: HostReply): HostAnswer => ({
  ok: true,
  value,
  ...defined({ bytes }),
  ...(givesBytes === true ? { ownsBytes: true } : {}),
});

const MOST_HOPS = 32;

const isSame = (one: Resource, other: Resource): boolean =>
  one.path === other.path &&
  one.origin === other.origin &&
  one.method === other.method &&
  one.to === other.to;

const stateIn =
  (record: CallRecord) =>
  (stated: Resource): void => {
    const resource = boundedResource(stated);
    if (resource === undefined) return;
    record.resource = resource;
    const isNew = !record.stated.some((known) => isSame(known, resource));
    if (isNew && record.stated.length < MOST_HOPS) record.stated.push(resource);
  };

/** A host function that keeps to permissions itself refuses as if nothing had been granted: a grant would not help. */
function lacksPermission(
  call: CallRecord,
  { code, details }: SandglassError,
  identity: RunIdentity,
): SandglassError | undefined {
  if (code !== 'CAPABILITY_DENIED' || identity.caller === undefined) return undefined;
  const capability = typeof details?.capability === 'string' ? details.capability : call.capability;
  return permits(identity.caller, capability) ? undefined : noPermission(call, capability, identity);
}

const noPermission = (
  { operation }: CallRecord,
  capability: string,
  { caller }: RunIdentity,
): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot call ${operation}: the caller has no permission for ${capability}`,
    {
      details: {
        capability,
        requested: operation,
        missing: [capability],
        ...defined({ caller: caller?.id }),
      },
      hint: `Give the caller the permission ${capability}; do not retry`,
    },
  );

const wasRevoked = (operation: string, capability: string): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot call ${operation}: the policy has changed meanwhile and does not cover it any more`,
    {
      details: { capability, requested: operation, missing: [capability], revoked: true },
      hint: 'Do without it; do not retry',
    },
  );

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
