import { checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import { copyJson } from '../vocabulary/copy-json.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../vocabulary/json.ts';
import { shownText } from '../vocabulary/nearest.ts';
import type { HostContext, HostFunction, HostReply, HostRequest, OperationInfo } from './host-function.ts';

/** What a call finds beside its arguments: its run, which a run that it starts names as its `parent`, and what the run was granted. */
export interface CallContext<Part>
  extends Pick<HostRequest, 'bytes' | 'signal'>,
    Pick<HostContext, 'run' | 'limits' | 'secret' | 'now'> {
  /** This host function's part of the grant: no call is made without one. */
  readonly part: Part;
}

/** One operation: what the gate must know of it, and what it does. */
export interface OperationDefinition<Part> extends Partial<Omit<OperationInfo, 'kind'>> {
  /** Counted under this name in usage, and named in a denial. @default `NAME.OPERATION` */
  readonly capability?: string;
  /**
   * Does it. What it answers is copied as JSON, bytes as bytes, `undefined` as null. `args` are untrusted: JSON, and nothing more is checked.
   * A SandglassError reaches the guest as it is; anything else that is thrown is HOST_CALL_FAILED without its text, which only `onError` is told.
   */
  readonly call: (args: JsonObject, context: CallContext<Part>) => CallAnswer | Promise<CallAnswer>;
}

export type CallAnswer = JsonValue | Uint8Array | undefined;

export interface HostFunctionDefinition<Part> extends Pick<HostFunction<Part>, 'parse' | 'narrow'> {
  /** The field under `custom` of a grant, and the prefix of its operations. */
  readonly name: string;
  /** Operation without the prefix → what it is: `roll` of `dice` is called as `dice.roll`. */
  readonly operations: Readonly<Record<string, OperationDefinition<Part>>>;
  /** Whether it reaches beyond this machine: refused from level `strict` on. @default false */
  readonly network?: boolean;
  /** A part of a grant that would do: what a denial names. @default none is named */
  readonly example?: JsonValue;
}

const WHERE = 'define a host function';
const FIELDS: Readonly<Record<keyof HostFunctionDefinition<unknown>, FieldKind>> = {
  name: 'text!',
  operations: 'object!',
  network: 'boolean',
  example: 'any',
  parse: 'function',
  narrow: 'function',
};
const OPERATION: Readonly<Record<keyof OperationDefinition<unknown>, FieldKind>> = {
  capability: 'text',
  capabilityOf: 'function',
  resource: 'function',
  call: 'function!',
};

/**
 * A host function from its operations alone: a run whose grant has no part for it is denied each of them. For services that hold something
 * open, handles or connections, implement `HostFunction` itself.
 * @throws {TypeError} on an unknown or missing field, one of the wrong kind, or a name that no operation could be called by.
 * @example
 * const dice = defineHostFunction<number>({
 *   name: 'dice',
 *   operations: { roll: { call: (_, { part }) => 1 + Math.floor(Math.random() * part) } },
 * });
 */
export function defineHostFunction<Part = JsonValue>(
  definition: HostFunctionDefinition<Part>,
): HostFunction<Part> {
  checkFields(definition, FIELDS, WHERE);
  const { name, operations, network = false, example, parse, narrow } = definition;
  for (const word of [name, ...Object.keys(operations)]) {
    if (!/^[A-Za-z][\w-]{0,30}$/.test(word)) {
      throw new TypeError(
        `Cannot ${WHERE}: ${shownText(word)} is not a name of 1 to 31 letters, digits, - and _`,
      );
    }
  }
  for (const [short, operation] of Object.entries(operations))
    checkFields(operation, OPERATION, `${WHERE}: operation ${name}.${short}`);
  const known = new Map(
    Object.entries(operations).map(([short, operation]) => {
      const full = `${name}.${short}`;
      return [full, { ...operation, capability: operation.capability ?? full }];
    }),
  );
  return {
    name,
    network,
    operations: Object.fromEntries(
      [...known].map(([full, { call: _, ...info }]) => [full, { ...info, kind: 'act' }]),
    ),
    ...defined({ parse, narrow }),
    open: (part, { run, limits, secret, now }) => ({
      call: (full, { args, bytes, signal }) => {
        const operation = known.get(full);
        if (operation === undefined) throw new TypeError(`${full} is not an operation of ${name}`); // the gate lets none through
        if (part === undefined) throw denial(name, full, operation.capability, example);
        const answer = operation.call(args, { part, bytes, signal, run, limits, secret, now });
        return answer instanceof Promise
          ? answer.then((value) => replyOf(full, value))
          : replyOf(full, answer);
      },
      close: () => undefined,
    }),
  };
}

const replyOf = (operation: string, answer: CallAnswer): HostReply =>
  answer instanceof Uint8Array
    ? { bytes: answer }
    : { value: copyJson(answer ?? null, `the answer of ${operation}`) };

const denial = (
  name: string,
  operation: string,
  capability: string,
  example: JsonValue | undefined,
): SandglassError =>
  new SandglassError('CAPABILITY_DENIED', `Cannot call ${operation}: no grant for ${capability} covers it`, {
    details: {
      capability,
      requested: operation,
      missing: [capability],
      ...(example === undefined ? {} : { grant: { custom: { [name]: example } } }),
    },
    hint:
      'Grant it with ' +
      `custom.${name}${example === undefined ? '' : `, e.g. ${JSON.stringify({ custom: { [name]: example } })}`}, ` +
      'or do without; do not retry',
  });
