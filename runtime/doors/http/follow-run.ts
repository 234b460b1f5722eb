import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';
import type { RunRecord } from '../../work/run-records.ts';
import { createEventStream } from './event-stream.ts';

export interface FollowOptions {
  /** Told when the reader goes away before the end. @default nothing: the run goes on */
  readonly onLeave?: () => void;
  /** Also progress, and events have ids to come back with. @default output only */
  readonly all?: boolean;
  /** Id of the last event that the reader has. @default 0, from the start */
  readonly after?: number;
}

/** What a run tells, from the start, and at the end its outcome; for a run that has ended, too. */
export function followRun(
  record: RunRecord,
  { onLeave = () => undefined, after = 0, all = false }: FollowOptions = {},
): Response {
  let stop = (): void => undefined;
  const events = createEventStream(() => {
    stop();
    onLeave();
  });
  const { id, state, outcome } = record;
  events.response.headers.set('X-Run-Id', id);
  events.send('run', { id, state });
  let missed = 0;
  stop = record.log.follow(
    {
      entry: ({ event, data, id: at }) => {
        if (all) events.send(event, data, at);
        else if (event === 'output') events.send(event, data);
      },
      missed: (count) => {
        missed = count;
        events.send('missed', { count });
      },
    },
    after,
  );
  void outcome.then(async (ended) => {
    await events.sendLarge('outcome', after > 0 || missed > 0 ? ended : withoutLongOutput(ended));
    events.end();
  });
  return events.response;
}

/** Output that the events before have told already is not told again, unless it is short. */
function withoutLongOutput({ stdout, stderr, ...rest }: OutcomeJson): Partial<OutcomeJson> {
  return stdout.length + stderr.length > REPEATED_OUTPUT ? rest : { ...rest, stdout, stderr };
}

/** Characters of both streams together. */
const REPEATED_OUTPUT = 65_536;
