import type {
  HostContext,
  HostFunction,
  HostReply,
  HostRequest,
  OperationInfo,
} from '../../runtime/contracts/host-function.ts';
import type { ToolsOperations, ToolsPort } from '../../runtime/contracts/operations/tools.ts';
import { MOST_NESTED } from '../../runtime/vocabulary/budget.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { answerReply, failureOf, withinSize } from './tool-answer.ts';
import { readToolCall, readToolName, readToolQuery } from './tools-args.ts';
import { narrowToolsGrant, parseToolsGrant, type ToolsPart } from './tools-grant.ts';

const act: OperationInfo = Object.freeze({
  capability: 'tools.call',
  kind: 'act',
  resource: ({ name }: JsonObject) => (typeof name === 'string' ? { name: name.slice(0, 64) } : undefined),
});

const OPERATIONS: Readonly<Record<keyof ToolsOperations, OperationInfo>> = Object.freeze({
  'tools.call': act,
  'tools.search': act,
  'tools.describe': act,
});

/**
 * The host function `tools`: calls of tools by a guest, of those that its grant names. Each goes through the whole pipeline of a call, with the
 * caller of the run, out of its budget, and ends with it. Errors: CAPABILITY_DENIED for a tool that the grant does not name, whether or not there
 * is one; INPUT_INVALID for malformed arguments; UNSUPPORTED when runs are nested too deeply; else whatever the call ended with.
 * @param port What does the calls.
 */
export function createToolsHostFunction(port: ToolsPort): HostFunction<ToolsPart> {
  return {
    name: 'tools',
    network: false,
    operations: OPERATIONS,
    parse: parseToolsGrant,
    narrow: narrowToolsGrant,
    show: ({ patterns }) => patterns,
    open: (part, context) => {
      const serve = operationsOf(port, part, context);
      return {
        call: (operation, request) => {
          const found = Object.hasOwn(serve, operation)
            ? serve[operation as keyof ToolsOperations] // its own keys
            : undefined;
          if (found === undefined) throw new TypeError(`${operation} is not an operation of tools`); // the gate lets none through
          return found(request);
        },
        close: () => undefined,
      };
    },
  };
}

type Serve = (request: HostRequest) => HostReply | Promise<HostReply>;

function operationsOf(
  port: ToolsPort,
  part: ToolsPart | undefined,
  { run, limits }: HostContext,
): Readonly<Record<keyof ToolsOperations, Serve>> {
  const granted = (name: string): boolean => part?.covers(name) === true;
  const check = (name: string, operation: string): void => {
    if (!granted(name)) throw denial(name, operation);
  };
  return {
    'tools.call': async ({ args, signal }) => {
      const { name, args: given } = readToolCall(args);
      check(name, 'call');
      if (run.depth >= MOST_NESTED) throw tooDeep(name);
      const outcome = await port.call(name, given, { run, signal });
      if (!outcome.ok) throw failureOf(outcome);
      return answerReply(name, outcome.value, limits.hostCallBytes);
    },
    'tools.search': ({ args }) => {
      if (part === undefined) throw denial('*', 'search');
      const { query, limit } = readToolQuery(args);
      const found = port.search(query, { run, granted, ...defined({ limit }) });
      // The port is asked for granted ones only; what leaves here is looked at once more.
      const value = found
        .filter(({ name }) => granted(name))
        .map(({ name, description, score }) => ({ name, description, score }));
      return { value: withinSize('search', value, limits.hostCallBytes) };
    },
    'tools.describe': ({ args }) => {
      const { name, language = 'typescript' } = readToolName(args);
      check(name, 'describe');
      const found = port.describe(name, { run, language });
      if (found === undefined) {
        throw new SandglassError('TOOL_NOT_FOUND', `Cannot describe ${name}: there is no such tool`, {
          details: { tool: name },
          hint: 'Find tools with tools.search',
        });
      }
      const { description, input, output, examples, signature } = found;
      const value = {
        name: found.name,
        description,
        input,
        output,
        examples: examples.map((example) => ({ ...example })),
        signature,
      };
      return { value: withinSize(name, value, limits.hostCallBytes) };
    },
  };
}

const denial = (name: string, action: string): SandglassError => {
  const grant = { tools: [name] };
  return new SandglassError(
    'CAPABILITY_DENIED',
    action === 'search'
      ? 'Cannot search tools: no grant for tools.call covers any'
      : `Cannot ${action} ${name}: no grant for tools.call covers it`,
    {
      details: { capability: 'tools.call', requested: name, missing: ['tools.call'], grant },
      hint: `Grant it with ${JSON.stringify(grant)}, or do without; do not retry`,
    },
  );
};

const tooDeep = (name: string): SandglassError =>
  new SandglassError('UNSUPPORTED', `Cannot call ${name}: runs are nested ${MOST_NESTED} deep at most`, {
    details: { limit: MOST_NESTED },
    hint: 'Do the work in a run that is nested less deeply',
  });
