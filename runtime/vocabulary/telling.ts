import type { RunIdentity } from './caller.ts';
import { copyJson } from './copy-json.ts';
import { SandglassError } from './errors.ts';
import type { EventStream } from './event-stream.ts';
import { type GuestLogged, LOG_LEVELS, type ToolProgress } from './events.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { KIB } from './units.ts';

/** What a guest tells whoever listens: it needs no grant, changes nothing, and counts as a call of the host. */
export type Telling = 'sandglass.log' | 'sandglass.progress';

export const isTelling = (operation: string): operation is Telling =>
  operation === 'sandglass.log' || operation === 'sandglass.progress';

/** By it a guest asks how many milliseconds are left. It counts as no call. */
export const READ_TIME = 'sandglass.remaining';

/** Capability under which such calls are counted; nobody has to grant it. */
export const TELLING = 'sandglass.tell';

/** The call of a tool that a run is for. */
export interface OfTool {
  readonly tool: string;
  readonly callId: string;
  /** The conversation that the call belongs to. */
  readonly sessionId?: string | undefined;
}

export interface Teller {
  readonly events: EventStream;
  readonly now: () => number;
  readonly identity: RunIdentity;
  /** Absent for a run of no tool. */
  readonly ofTool?: OfTool | undefined;
}

const MOST = { characters: 4_096, bytes: 64 * KIB } as const;

/**
 * Tells listeners what a guest or a trusted tool says of itself. Its text is cut, as a program should not fail by what it says.
 * @throws {SandglassError} INPUT_INVALID for a level, a share or data that is none.
 */
export function tell({ events, now, identity, ofTool }: Teller, operation: Telling, args: JsonObject): void {
  if (operation === 'sandglass.log') {
    const told = readLog(args);
    if (events.wants('guest.logged'))
      events.emit({ kind: 'guest.logged', time: now(), identity, ...namesOf(ofTool), ...told });
    return;
  }
  const told = readProgress(args);
  if (events.wants('tool.progress'))
    events.emit({ kind: 'tool.progress', time: now(), identity, ...namesOf(ofTool), ...told });
}

const namesOf = (ofTool: OfTool | undefined): Partial<Pick<OfTool, 'tool' | 'callId'>> =>
  ofTool === undefined ? {} : { tool: ofTool.tool, callId: ofTool.callId };

function readLog({ level, message, data }: JsonObject): Pick<GuestLogged, 'level' | 'message' | 'data'> {
  const known = LOG_LEVELS.find((name) => name === level);
  if (known === undefined) throw invalid('log', `the level is not one of ${LOG_LEVELS.join(', ')}`);
  if (typeof message !== 'string') throw invalid('log', 'the message is not a text');
  return {
    level: known,
    message: cut(message),
    ...(data === undefined ? {} : { data: copied(data) }),
  };
}

function readProgress({ share, message }: JsonObject): Pick<ToolProgress, 'progress' | 'total' | 'message'> {
  if (typeof share !== 'number' || Number.isNaN(share))
    throw invalid('progress', 'the share is not a number from 0 to 1');
  if (message !== undefined && typeof message !== 'string')
    throw invalid('progress', 'the message is not a text');
  return {
    progress: Math.min(1, Math.max(0, share)),
    total: 1,
    ...(message === undefined ? {} : { message: cut(message) }),
  };
}

const cut = (text: string): string =>
  text.length <= MOST.characters ? text : `${text.slice(0, MOST.characters)}…`;

function copied(data: JsonValue): JsonValue {
  try {
    return copyJson(data, 'data', { maxBytes: MOST.bytes });
  } catch {
    throw invalid('log', `data is over ${MOST.bytes} bytes as JSON`);
  }
}

const invalid = (what: string, why: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call sandglass.${what}: ${why}`);
