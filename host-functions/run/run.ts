import type {
  HostContext,
  HostFunction,
  HostReply,
  HostRequest,
  OperationInfo,
} from '../../runtime/contracts/host-function.ts';
import type { RunOperations, RunPort } from '../../runtime/contracts/operations/run.ts';
import { MOST_NESTED } from '../../runtime/vocabulary/budget.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { languageName } from '../../runtime/vocabulary/languages.ts';
import { utf8Length } from '../../runtime/vocabulary/utf8-length.ts';
import { failureOf, startedRun } from './run-answer.ts';
import { complain, readCancel, readStart } from './run-args.ts';
import { narrowRunGrant, parseRunGrant, type RunPart, shownRunGrant } from './run-grant.ts';

const OPERATIONS: Readonly<Record<keyof RunOperations, OperationInfo>> = Object.freeze({
  'run.start': Object.freeze({
    capability: 'run.start',
    kind: 'act',
    resource: ({ language }: JsonObject) =>
      typeof language === 'string' ? { name: language.slice(0, 64) } : undefined,
  }),
  'run.cancel': Object.freeze({
    capability: 'run.cancel',
    kind: 'act',
    resource: ({ runId }: JsonObject) =>
      typeof runId === 'string' ? { name: runId.slice(0, 64) } : undefined,
  }),
});

/**
 * The host function `run`: a guest starts guests of its own, of the languages that its grant names, within its own budget and until its own end.
 * What they may touch is nothing, or parts of its own grant that it may share. Never a process of the host. Errors: CAPABILITY_DENIED for what the
 * grant does not name; INPUT_INVALID for options that are not those of a run; else whatever the run ended with.
 * @param port What begins the runs.
 */
export function createRunHostFunction(port: RunPort): HostFunction<RunPart> {
  return {
    name: 'run',
    network: false,
    operations: OPERATIONS,
    parse: parseRunGrant,
    narrow: narrowRunGrant,
    show: shownRunGrant,
    open: (part, context) => {
      const serve = operationsOf(port, part, context);
      return {
        call: (operation, request) => {
          const found = Object.hasOwn(serve, operation)
            ? serve[operation as keyof RunOperations] // its own keys
            : undefined;
          if (found === undefined) throw new TypeError(`${operation} is not an operation of run`); // the gate lets none through
          return found(request);
        },
        close: () => undefined,
      };
    },
  };
}

type Serve = (request: HostRequest) => HostReply | Promise<HostReply>;

function operationsOf(
  port: RunPort,
  part: RunPart | undefined,
  { run, limits }: HostContext,
): Readonly<Record<keyof RunOperations, Serve>> {
  return {
    'run.start': async ({ args, signal }) => {
      if (part?.access.includes('start') !== true)
        throw denial('start', 'no grant for run.start', { run: {} });
      const { share, ...asked } = readStart(args);
      const language = languageName(asked.language);
      if (part.languages?.includes(language) === false)
        throw denial('start', `the grant has no ${language}, it has ${part.languages.join(', ')}`, {
          run: { languages: [language] },
        });
      const refused = share.find((one) => !part.share.includes(one));
      if (refused !== undefined)
        throw denial('start', `the grant does not let ${refused} be shared`, { run: { share: [refused] } });
      if (run.depth >= MOST_NESTED) throw tooDeep();
      const further = part.depth > 1 ? { ...shownRunGrant(part), depth: part.depth - 1 } : undefined;
      const outcome = await port.start(asked, { run, signal, share, further }).catch(misuse);
      if (!outcome.ok) throw failureOf(outcome);
      const value = { ...startedRun(outcome) };
      if (utf8Length(JSON.stringify(value)) > limits.hostCallBytes) throw tooLarge(limits.hostCallBytes);
      return { value };
    },
    'run.cancel': ({ args }) => {
      if (part?.access.includes('cancel') !== true)
        throw denial('cancel', 'no grant for run.cancel', { run: { access: ['cancel'] } });
      return { value: { cancelled: port.cancel(readCancel(args).runId, run) } };
    },
  };
}

/** Options come from the guest: those that are not ones are its mistake. */
function misuse(error: unknown): never {
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  throw complain('start', error.message.replace(/^Cannot run: /, ''));
}

const denial = (action: 'start' | 'cancel', reason: string, grant: JsonObject): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot ${action} a run: ${reason}${reason.startsWith('no grant') ? ' covers it' : ''}`,
    {
      details: { capability: `run.${action}`, requested: `run.${action}`, missing: [`run.${action}`], grant },
      hint: `Grant it with ${JSON.stringify(grant)}, or do without; do not retry`,
    },
  );

const tooDeep = (): SandglassError =>
  new SandglassError('UNSUPPORTED', `Cannot start a run: runs are nested ${MOST_NESTED} deep at most`, {
    details: { limit: MOST_NESTED },
    hint: 'Do the work in a run that is nested less deeply',
  });

const tooLarge = (maxBytes: number): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot answer run.start: over ${maxBytes} bytes`, {
    details: { reason: 'too-large', limit: maxBytes },
    hint: 'Print or collect less at once, or raise limits.hostCallBytes',
    retryable: false,
  });
