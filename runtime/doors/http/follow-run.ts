import { SandglassError } from '../../vocabulary/errors.ts';
import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';
import type { RunLogEntry } from '../../work/run-log.ts';
import type { RunRecord } from '../../work/run-records.ts';
import { createEventBacklog, type EventBacklog } from './event-backlog.ts';
import { createEventStream } from './event-stream.ts';

export interface FollowOptions {
  /** Told when the reader goes away before the end. @default nothing: the run goes on */
  readonly onLeave?: () => void;
  /** Also progress, and events have ids to come back with. @default output only */
  readonly all?: boolean;
  /** Id of the last event that the reader has. @default 0, from the start */
  readonly after?: number;
  /** What all readers of the door have waiting. */
  readonly backlog?: EventBacklog;
}

/** Characters of entries that are sent in one turn: readers that come in crowds each want all that was told so far. */
const TURN = 65_536;
/** Readers of one run at once: each is told for itself what the run tells. */
const MOST_FOLLOWERS = 16;

/** What a run tells, from the start, and at the end its outcome; for a run that has ended, too. */
export function followRun(
  record: RunRecord,
  { onLeave = () => undefined, after = 0, all = false, backlog = createEventBacklog() }: FollowOptions = {},
): Response {
  const { id, state, outcome, log } = record;
  if (log.followers >= MOST_FOLLOWERS)
    throw new SandglassError(
      'QUEUE_FULL',
      `Cannot follow run ${JSON.stringify(id)}: ${MOST_FOLLOWERS} readers follow it`,
      {
        retryable: true,
      },
    );
  let left = false;
  let unfollow = (): void => undefined;
  const told: RunLogEntry[] = [];
  const events = createEventStream(
    () => {
      left = true;
      told.length = 0;
      unfollow();
      onLeave();
    },
    { backlog },
  );
  events.response.headers.set('X-Run-Id', id);
  events.send('run', { id, state });
  let missed = 0;
  let isTelling = false;
  /** What is told at once waits for its turn, too. */
  let weight = TURN;
  let telling: Promise<void> | undefined;
  /** One after the other, with turns for others between. */
  const tell = async (): Promise<void> => {
    for (let next = told.shift(); next !== undefined; next = told.shift()) {
      const { event, data, id: at } = next;
      const length = lengthOf(data);
      if (weight + length > TURN) {
        await backlog.turn();
        weight = 0;
      }
      weight += length;
      if (length > TURN) await events.sendLarge(event, data, all ? at : undefined);
      else events.send(event, data, all ? at : undefined);
    }
    isTelling = false;
  };
  unfollow = log.follow(
    {
      entry: (entry) => {
        if (!all && entry.event !== 'output') return;
        told.push(entry);
        if (isTelling) return;
        isTelling = true;
        telling = tell();
      },
      missed: (count) => {
        missed = count;
        events.send('missed', { count });
      },
    },
    after,
  );
  if (left) unfollow();
  void outcome.then(async (ended) => {
    await telling;
    await backlog.turn();
    await events.sendLarge('outcome', after > 0 || missed > 0 ? ended : withoutLongOutput(ended));
    events.end();
  });
  return events.response;
}

/** Characters of what was printed; what else is told is short. */
const lengthOf = (data: object): number => {
  const { text } = data as { readonly text?: unknown };
  return typeof text === 'string' ? text.length : 0;
};

/** Output that the events before have told already is not told again, unless it is short. */
function withoutLongOutput({ stdout, stderr, ...rest }: OutcomeJson): Partial<OutcomeJson> {
  return stdout.length + stderr.length > REPEATED_OUTPUT ? rest : { ...rest, stdout, stderr };
}

/** Characters of both streams together. */
const REPEATED_OUTPUT = 65_536;
