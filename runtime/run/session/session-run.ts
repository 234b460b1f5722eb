import type { CellResult } from '../../contracts/cell.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { stricter } from '../../vocabulary/levels.ts';
import type { Verdict } from '../../vocabulary/outcome-of.ts';
import { abortWith } from '../../vocabulary/signals.ts';
import type { RunRequest } from '../read-run-options.ts';
import type { SandboxRun } from '../sandbox-context.ts';
import type { OpenSession, SessionTurn } from './sessions.ts';

/** A thing that a session holds fixed, and how a run asks for another. */
interface Fixed {
  readonly code: 'INPUT_INVALID' | 'UNSUPPORTED';
  /** Why the run does not fit; `undefined` when it does. */
  readonly misfit: (request: RunRequest, session: OpenSession) => string | undefined;
  readonly hint: string;
}

const FIXED: readonly Fixed[] = [
  {
    code: 'UNSUPPORTED',
    misfit: ({ source }, { module }) =>
      (source.kind === 'script') === (module === undefined)
        ? undefined
        : module === undefined
          ? 'it was opened for scripts, not for a .wasm'
          : 'it was opened for a .wasm, not for scripts',
    hint: 'Open a session for it: sessions.open({ module }) or sessions.open({ language })',
  },
  {
    code: 'UNSUPPORTED',
    misfit: ({ deterministic }) =>
      deterministic === undefined ? undefined : 'what earlier runs have left would decide what it does',
    hint: 'Run it without a session to have it deterministic',
  },
  {
    code: 'INPUT_INVALID',
    misfit: ({ source }, { language }) =>
      source.kind !== 'script' || source.language === language
        ? undefined
        : `it runs ${language}, not ${source.language}`,
    hint: 'Leave language out, or open a session for it',
  },
  {
    code: 'INPUT_INVALID',
    misfit: (request, { engine }) =>
      request.engine === undefined || request.engine === engine.name
        ? undefined
        : `it runs on ${engine.name}, not on another engine`,
    hint: 'Leave engine out',
  },
  {
    code: 'INPUT_INVALID',
    misfit: (request, { level }) =>
      request.level === undefined || stricter(request.level, level) === level
        ? undefined
        : `it was opened at level ${level}, which is less strict than ${request.level}`,
    hint: 'Open a session at that level',
  },
  {
    code: 'INPUT_INVALID',
    misfit: ({ limits, grant }, { memoryBytes }) => {
      const asked = Math.min(limits.memoryBytes ?? memoryBytes, grant.limits.memoryBytes ?? memoryBytes);
      return asked < memoryBytes
        ? `its memoryBytes is ${memoryBytes} for all its runs, not ${asked}`
        : undefined;
    },
    hint: 'Set limits.memoryBytes when the session is opened',
  },
  {
    code: 'INPUT_INVALID',
    misfit: ({ options }) =>
      Object.keys(options).length === 0 ? undefined : 'its engine options are the same for all its runs',
    hint: 'Give options when the session is opened',
  },
];

/**
 * A run asks nothing that its session holds fixed.
 * @throws {SandglassError} INPUT_INVALID, or UNSUPPORTED for what no session has.
 */
function checkFits(request: RunRequest, session: OpenSession): void {
  for (const { code, misfit, hint } of FIXED) {
    const reason = misfit(request, session);
    if (reason === undefined) continue;
    throw new SandglassError(code, `Cannot run in session "${session.name}": ${reason}`, {
      hint,
      details: { session: session.name },
    });
  }
}

/** Waits for the guest of the session that the run asks for; at once where it asks for none. */
export async function takeTurn({
  request,
  session,
  signal,
  waiting,
}: SandboxRun): Promise<SessionTurn | undefined> {
  if (session instanceof SandglassError) throw session;
  if (session === undefined) return undefined;
  checkFits(request, session);
  const leave = new AbortController();
  const takeBack = abortWith(leave, [signal, waiting]);
  try {
    return await session.take(leave.signal);
  } finally {
    takeBack();
  }
}

/** Why the guest must not run again; `undefined` when it may: it has answered, or thrown an ordinary error. */
export function sessionEnd(
  end: CellResult['end'],
  verdict: Verdict,
  toldToStop: string | undefined,
): string | undefined {
  switch (end.kind) {
    case 'exit':
      if (end.stays !== true) return 'the guest exited';
      return toldToStop;
    case 'value':
    case 'threw':
    case 'invalid':
      return toldToStop ?? (!verdict.ok && ENDING.has(verdict.error.code) ? verdict.error.code : undefined);
    case 'trapped':
    case 'limit':
    case 'stopped':
    case 'crashed':
      return verdict.ok ? 'INTERNAL' : verdict.error.code;
  }
}

/** Codes of runs that have ended by themselves, and are over a limit or cancelled all the same. */
const ENDING: ReadonlySet<string> = new Set(['CANCELLED', 'MEMORY_EXCEEDED', 'OUTPUT_EXCEEDED']);

/** More than one run can open handles: each costs a host call, and there are a million of those at most. */
const HANDLES_A_RUN = 2 ** 20;

/** Numbers of handles that no earlier run of the session was given. */
export const firstHandleOf = (run: number): number => 1 + run * HANDLES_A_RUN;
