import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AuditLogOptions, openAuditLog } from '../../../runtime/observe/audit/audit-log.ts';
import { endText, hashOf, readEnd } from '../../../runtime/observe/audit/chain.ts';
import { lockFolder } from '../../../runtime/observe/audit/lock.ts';
import { queryAudit } from '../../../runtime/observe/audit/query.ts';
import type { AuditRecord } from '../../../runtime/observe/audit/record.ts';
import { verifyAudit } from '../../../runtime/observe/audit/verify.ts';
import { verifies } from '../../support/verifies.ts';

verifies('MO-11', 'XT-10');

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sandglass-audit-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (options: Partial<AuditLogOptions> = {}) =>
  openAuditLog({
    dir,
    maxFileBytes: 1024 * 1024,
    maxQueuedBytes: 64 * 1024,
    now: () => 1,
    onFault: (error) => {
      throw error;
    },
    ...options,
  });
const record = (run: string, more: Partial<AuditRecord> = {}): AuditRecord => ({
  time: 1,
  kind: 'run.ended',
  run,
  ...more,
});
const files = (): string[] => readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
const textOf = (file: string): string => readFileSync(join(dir, file), 'utf8');
const linesOf = (): string[] => files().flatMap((file) => textOf(file).split('\n').slice(0, -1));
const kindsOf = (): unknown[] => linesOf().map((line) => JSON.parse(line).kind);
const write = (count: number, options: Partial<AuditLogOptions> = {}): void => {
  const log = open(options);
  for (let at = 0; at < count; at++) log.write(record(`run-${at}`));
  log.close();
};

describe('the chain', () => {
  test('each line holds its number and the hash of the one before, over files and over restarts', async () => {
    write(40, { maxFileBytes: 4096 });
    write(40, { maxFileBytes: 4096 });
    expect(files().length).toBeGreaterThan(2);
    for (const file of files()) expect(textOf(file).length).toBeLessThanOrEqual(4096);
    const lines = linesOf();
    expect(lines.length).toBe(84);
    let before = '0'.repeat(64);
    for (const [at, line] of lines.entries()) {
      expect(JSON.parse(line)).toMatchObject({ sequence: at + 1, previous: before });
      before = hashOf(line);
    }
    expect(await verifyAudit(dir)).toEqual({
      ok: true,
      files: files().length,
      lines: 84,
      last: { sequence: 84, hash: before },
      breaches: [],
    });
  });

  test('a record is on disk after the turn in which it was written, and at once when the queue is full', () => {
    const log = open();
    expect(linesOf()).toEqual([]);
    // 64 KiB of queue, records of about 500 bytes.
    for (let at = 0; at < 200; at++) log.write(record('x'.repeat(450)));
    expect(linesOf().length).toBeGreaterThan(100);
    log.flush();
    expect(linesOf().length).toBe(201);
    log.close();
  });

  test('a second writer is refused, and one after the first is not', () => {
    const log = open();
    expect(() => open()).toThrow(/process \d+ writes to it/);
    log.close();
    open().close();
    expect(kindsOf()).toEqual(['audit.opened', 'audit.closed', 'audit.opened', 'audit.closed']);
  });

  test('what a process that is gone has left locked is taken over', () => {
    writeFileSync(join(dir, 'audit.lock'), '999999999');
    open().close();
    expect(kindsOf()).toEqual(['audit.opened', 'audit.closed']);
  });

  describe('a lock of', () => {
    const locked = (holder: object): string => {
      open().close();
      const path = join(dir, 'audit.lock');
      const log = open();
      const self = JSON.parse(readFileSync(path, 'utf8'));
      log.close();
      writeFileSync(path, JSON.stringify({ ...self, ...holder }));
      return path;
    };
    const parentStart = (): string => {
      const line = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
      return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    };

    const past = (path: string, ms: number): void => {
      const then = new Date(Date.now() - ms);
      utimesSync(path, then, then);
    };
    const take = (pause: (ms: number) => void = () => undefined) => lockFolder(dir, 'audit.lock', pause)();

    test.each<[string, object]>([
      ['an earlier process of the same number', { started: '1' }],
      ['a process whose number another has by now', { pid: process.ppid, started: '1' }],
    ])('%s is taken over', (_, holder) => {
      locked(holder);
      open().close();
    });

    // In each container the first process is 1, and two may have one name: what it is called says nothing of who it is.
    const ELSEWHERE: readonly [string, object][] = [
      ['another container', { host: 'other' }],
      ['a container of the same name', { space: 'pid:[1]' }],
      ['a machine of the same name, or this one before it was started anew', { boot: 'before' }],
    ];
    test.each(ELSEWHERE)('%s is taken over once it is silent, and not before', (_, holder) => {
      const path = locked(holder);
      expect(() => open()).toThrow(/process \d+ of \S+ writes to it/);
      past(path, 21_000);
      let waited = 0;
      take((ms) => (waited += ms));
      expect(waited).toBe(5_000);
    });

    test.each(ELSEWHERE)('%s that goes on is left its own, whatever the clocks say', (_, holder) => {
      const path = locked(holder);
      for (const ms of [3_600_000, -3_600_000]) {
        past(path, ms);
        let looked = 0;
        // It says that it is there, by a clock that is an hour off.
        const beat = (): void => {
          looked += 1;
          if (looked === 20) past(path, ms - 2_000);
        };
        expect(() => take(beat)).toThrow('writes to it');
        expect(looked).toBe(20);
      }
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject(holder);
    });

    test('a process that goes on is left its own', () => {
      if (process.platform !== 'linux') return;
      locked({ pid: process.ppid, started: parentStart() });
      expect(() => open()).toThrow(`process ${process.ppid} writes to it`);
    });

    test('a process that is gone is taken over by one of two that find it at the same moment', async () => {
      const path = locked({});
      const { boot, space } = JSON.parse(readFileSync(path, 'utf8'));
      const stale = JSON.stringify({
        owner: 'gone',
        pid: 999_999_999,
        host: hostname(),
        boot,
        space,
        started: '1',
      });
      const dirs = Array.from({ length: 40 }, (_, at) => join(dir, String(at)));
      for (const each of dirs) {
        mkdirSync(each);
        writeFileSync(join(each, 'audit.lock'), stale);
      }
      const program = join(dir, 'take.mjs');
      const lock = new URL('../../../runtime/observe/audit/lock.ts', import.meta.url).href;
      writeFileSync(
        program,
        `import { lockFolder } from ${JSON.stringify(lock)};
        process.once('message', ({ dirs, from }) => {
          const got = dirs.filter((dir, at) => {
            while (Date.now() < from + at * 5);
            try { return lockFolder(dir) !== undefined; } catch { return false; }
          });
          process.send(got);
        });
        process.send('there');`,
      );
      const both = [fork(program, { execArgv: [] }), fork(program, { execArgv: [] })];
      await Promise.all(both.map((child) => once(child, 'message')));
      const from = Date.now() + 100;
      const taken = both.map(async (child) => {
        const told = once(child, 'message');
        child.send({ dirs, from });
        return (await told)[0] as readonly string[];
      });
      const all = (await Promise.all(taken)).flat();
      for (const child of both) child.kill('SIGKILL'); // not before: what one has is taken over once it is gone
      expect(all.sort()).toEqual([...dirs].sort());
    });
  });
});

describe('a disk that refuses', () => {
  const refusing = () => {
    const disk = { full: false, faults: [] as unknown[] };
    const options: Partial<AuditLogOptions> = {
      onFault: (error) => disk.faults.push(error),
      write: (file, bytes) => {
        if (!disk.full) return writeSync(file, bytes);
        // As a disk that fills up: a part goes in, and then nothing.
        writeSync(file, bytes.subarray(0, 7));
        throw new Error('no space left');
      },
    };
    return { disk, options };
  };

  test('loses nothing that the queue holds, and counts in a line what it does not', async () => {
    const { disk, options } = refusing();
    const log = open(options);
    log.flush();
    disk.full = true;
    for (let at = 0; at < 300; at++) log.write(record(`${at} ${'x'.repeat(450)}`, { time: at }));
    log.flush();
    expect(disk.faults.length).toBe(1);
    expect(linesOf().length).toBe(1);
    disk.full = false;
    log.flush();
    log.write(record('after'));
    log.close();
    const records = linesOf().map((line) => JSON.parse(line));
    const kept = records.filter(({ kind, run }) => kind === 'run.ended' && run !== 'after');
    const [dropped] = records.filter(({ kind }) => kind === 'audit.dropped');
    expect(kept.map(({ time }) => time)).toEqual(kept.map((_, at) => at));
    expect(kept.length).toBeGreaterThan(100);
    expect(dropped).toMatchObject({ count: 300 - kept.length, from: kept.length, to: 299 });
    expect(records.at(-2)).toMatchObject({ run: 'after' });
    expect((await verifyAudit(dir)).ok).toBe(true);
  });

  test('tells how many are lost when it stays so to the end', () => {
    const { disk, options } = refusing();
    const log = open(options);
    log.flush();
    disk.full = true;
    log.write(record('one'));
    log.close();
    expect(disk.faults.map(String)).toEqual([
      expect.stringMatching(/Cannot write the audit/),
      expect.stringMatching(/Lost 2 records/),
    ]);
  });
});

describe('verify finds', () => {
  const FILE = 'audit-00000001.jsonl';
  const tamper = (change: (lines: string[]) => readonly string[]): void =>
    writeFileSync(
      join(dir, FILE),
      change(textOf(FILE).split('\n').slice(0, -1))
        .map((line) => `${line}\n`)
        .join(''),
    );
  const breaches = async (options = {}) =>
    (await verifyAudit(dir, options)).breaches.map(({ file, line, reason }) => `${file}:${line} ${reason}`);

  beforeEach(() => write(8)); // ten lines

  test('a changed line', async () => {
    tamper((lines) => lines.with(4, (lines[4] ?? '').replace('run-3', 'run-9')));
    expect(await breaches()).toEqual([
      expect.stringMatching(`^${FILE}:5 it was changed: .* line 6 of ${FILE}`),
    ]);
  });

  test('a changed last line, also after somebody has written on', async () => {
    tamper((lines) => lines.with(9, (lines[9] ?? '').replace('closed', 'opened')));
    expect(await breaches()).toEqual([expect.stringMatching(`^${FILE}:10 it was changed`)]);
    write(1);
    expect(await breaches()).toEqual([expect.stringMatching(`^${FILE}:10 it was changed`)]);
  });

  test('lost lines: in the middle, at the beginning, at the end', async () => {
    tamper((lines) => lines.toSpliced(4, 2));
    expect(await breaches()).toEqual([
      `${FILE}:5 before it 2 lines are lost: it is number 7, after number 4`,
    ]);
    tamper((lines) => lines.slice(4));
    expect(await breaches()).toEqual([
      `${FILE}:1 before it 6 lines are lost: it is number 7, after number 0`,
    ]);
    expect(await breaches({ partial: true })).toEqual([]);
    tamper((lines) => lines.slice(0, -1));
    expect(await breaches({ partial: true })).toEqual([
      `${FILE}:3 after it 1 line is lost: the last one was number 10`,
    ]);
  });

  test('lines lost at the end, also after somebody has written on', async () => {
    tamper((lines) => lines.slice(0, 6));
    write(1);
    expect(await breaches()).toEqual([
      `${FILE}:7 before it 4 lines are lost: it is number 11, after number 6`,
    ]);
  });

  test('lines in another order', async () => {
    tamper((lines) => [...lines.slice(0, 3), ...lines.slice(3, 5).toReversed(), ...lines.slice(5)]);
    expect((await breaches()).map((text) => text.split(' ', 1)[0])).toEqual([
      `${FILE}:4`,
      `${FILE}:5`,
      `${FILE}:6`,
    ]);
  });

  test('a line that is cut off, and one that is none; the chain goes on behind both', async () => {
    const whole = textOf(FILE);
    writeFileSync(join(dir, FILE), whole.slice(0, -20));
    expect(await breaches()).toEqual([
      `${FILE}:10 it is cut off`,
      `${FILE}:9 after it 1 line is lost: the last one was number 10`,
    ]);
    write(1);
    expect(files().length).toBe(2);
    expect(await breaches()).toEqual([
      `${FILE}:10 it is cut off`,
      'audit-00000002.jsonl:1 before it 1 line is lost: it is number 11, after number 9',
    ]);
    tamper((lines) => lines.toSpliced(2, 0, '{"sequence":"3"}', 'x'.repeat(100_000)));
    expect((await breaches()).slice(0, 2)).toEqual([
      `${FILE}:3 it is not a line of an audit`,
      `${FILE}:4 it is not a line of an audit`,
    ]);
  });

  test('a file, or the head, that is not there', async () => {
    rmSync(join(dir, 'audit.head'));
    expect(await breaches()).toEqual([expect.stringMatching(/^audit\.head:0 it is missing/)]);
    write(1);
    expect(await breaches()).toEqual([]);
    rmSync(join(dir, FILE));
    expect(await breaches()).toEqual([
      `${FILE.replace(FILE, 'audit.head')}:0 after it 13 lines are lost: the last one was number 13`,
    ]);
  });

  test('a chain that was written anew, by the last line that was kept elsewhere', async () => {
    const { last } = await verifyAudit(dir);
    expect(readEnd(endText(last))).toEqual(last);
    for (const name of readdirSync(dir)) rmSync(join(dir, name));
    write(9);
    expect(await breaches()).toEqual([]);
    expect(await breaches({ head: last })).toEqual([expect.stringMatching(`^${FILE}:10 it was changed`)]);
  });
});

test('query finds by run, caller, kind, tool and time, the newest in the end', async () => {
  const log = open();
  log.write(record('a', { caller: 'alice', time: 10 }));
  log.write(record('b', { caller: 'bob', parent: 'a', time: 20 }));
  log.write(record('c', { kind: 'tool.called', tool: 'double', caller: 'alice', time: 30 }));
  log.close();
  const runs = async (query: Parameters<typeof queryAudit>[1]) =>
    (await queryAudit(dir, query)).lines.map((line) => JSON.parse(line).run);
  expect(await runs({ run: 'a' })).toEqual(['a', 'b']);
  expect(await runs({ caller: 'alice' })).toEqual(['a', 'c']);
  expect(await runs({ kinds: ['tool.called', 'denied'] })).toEqual(['c']);
  expect(await runs({ tool: 'double' })).toEqual(['c']);
  expect(await runs({ since: 20 })).toEqual(['b', 'c']);
  expect(await runs({ since: 10, limit: 2 })).toEqual(['b', 'c']);
  writeFileSync(join(dir, 'audit-00000001.jsonl'), 'nothing\n');
  expect(await queryAudit(dir)).toEqual({ lines: [], unreadable: 1 });
});
