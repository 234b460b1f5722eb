import { describe, expect, test } from 'vitest';
import type { ServerSettings } from '../../../runtime/tools/remote/read-server.ts';
import { unreachable } from '../../../runtime/tools/remote/remote-errors.ts';
import { createServerLink } from '../../../runtime/tools/remote/server-link.ts';
import type { HostOpening, ToolHost } from '../../../runtime/tools/remote/tool-host.ts';
import { verifies } from '../../support/verifies.ts';

/** A link over a clock of the test, to a server that is away until it is told to answer. */
function open() {
  let now = 0;
  let answers = false;
  const opened: HostOpening[] = [];
  const listed: (readonly string[])[] = [];
  const host = (): ToolHost => ({
    about: { name: 'far' },
    list: async () => [{ name: `tool-${opened.length}`, description: '', input: {} }],
    call: () => Promise.reject(new Error('not called here')),
    close: async () => undefined,
  });
  const link = createServerLink({
    settings: { name: 'far', connectTimeoutMs: 1_000 } as ServerSettings, // all that a link reads of them
    powers: {},
    secret: () => undefined,
    monotonic: () => now,
    // Nothing here takes long: a pause ends with its signal.
    sleep: (_, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    onListed: async (tools) => void listed.push(tools.map(({ name }) => name)),
    open: async (opening) => {
      opened.push(opening);
      if (answers) return host();
      throw unreachable('connect to', 'far', { reason: 'refused', told: 'nobody is there', retryable: true });
    },
  });
  return {
    link,
    opened,
    listed,
    answer: (does: boolean) => {
      answers = does;
    },
    pass: (ms: number) => {
      now += ms;
    },
    /** What a try comes to: `ok`, or how long nobody tries again, `undefined` for one that was tried. */
    attempt: async (): Promise<unknown> =>
      link.use().then(
        () => 'ok',
        (error: { details?: { retryAfterMs?: number } }) => error.details?.retryAfterMs,
      ),
  };
}

describe('a server that is away', verifies('MC-04'), () => {
  test('is tried again after 0.5 s, and each time twice as long, at most 30 s', async () => {
    const { attempt, pass, opened } = open();
    const pauses: unknown[] = [];
    for (let turn = 0; turn < 9; turn++) {
      expect(await attempt()).toBeUndefined();
      const pause = await attempt();
      pauses.push(pause);
      pass(Number(pause) - 1);
      expect(await attempt()).toBe(1); // one millisecond is left, and nobody is asked
      expect(opened).toHaveLength(turn + 1);
      pass(1);
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('calls that come together make one connection, and what failed is forgotten with it', async () => {
    const { attempt, pass, opened, answer, link, listed } = open();
    for (let turn = 0; turn < 3; turn++) {
      await attempt();
      pass(30_000);
    }
    answer(true);
    expect(await Promise.all([attempt(), attempt(), attempt()])).toEqual(['ok', 'ok', 'ok']);
    expect([opened.length, link.failure, link.about]).toEqual([4, undefined, { name: 'far' }]);
    expect(listed).toEqual([['tool-4']]);
    // It lived long enough: the next call connects at once, and the pauses begin anew.
    answer(false);
    pass(6_000);
    opened.at(-1)?.onClosed('gone');
    expect(await attempt()).toBeUndefined();
    expect(await attempt()).toBe(500);
  });

  test('one that is gone as soon as it is there counts as one that failed', async () => {
    const { attempt, pass, opened, answer, link } = open();
    answer(true);
    expect(await attempt()).toBe('ok');
    pass(100);
    opened.at(-1)?.onClosed('it ended');
    expect(link.failure?.code).toBe('HOST_CALL_FAILED');
    expect(await attempt()).toBe(500);
    expect(opened).toHaveLength(1);
    await link.close();
    await expect(link.use()).rejects.toMatchObject({ code: 'HOST_CALL_FAILED', retryable: false });
  });
});
