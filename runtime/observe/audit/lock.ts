import { randomUUID } from 'node:crypto';
import {
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';

const NAME = 'audit.lock';
/** Locks that this process holds. */
const held = new Set<string>();
/** A holder says so often that it is there: whoever is on another machine, or in another container, sees nothing else of it. */
const RENEW_MS = 2_000;
/** A holder elsewhere that seems to have said nothing for so long may be gone. */
const SILENT_MS = 20_000;
/** It is gone if it says nothing while somebody looks: clocks jump, and two machines need not agree on the time. */
const WATCH_MS = 5_000;
const LOOK_MS = 100;

/** Who holds a lock. A number of a process alone says little: in each container the first process is 1. */
interface Holder {
  /** No two are the same. */
  readonly owner: string;
  readonly pid: number;
  /** Name of the machine, or the container. */
  readonly host: string;
  /** Changes when the machine starts anew. */
  readonly boot: string;
  /** Within which numbers of processes mean anything: each container has its own. Empty where a system has no such thing. */
  readonly space: string;
  /** When the process began, in the machine's own count: a later one may have its number. */
  readonly started: string;
}

/**
 * Keeps a folder for one writer: two would tear what is written. What a process that is gone has left is taken over.
 * @param name Of the file that says so. @default 'audit.lock'
 * @returns Gives it back.
 * @throws {Error} when another one writes to it.
 */
export function lockFolder(
  dir: string,
  name: string = NAME,
  /** Waits so many ms. */
  pause: (ms: number) => void = sleep,
): () => void {
  const path = join(resolve(dir), name);
  const self = {
    owner: randomUUID(),
    pid: process.pid,
    host: hostname(),
    boot: bootId(),
    space: spaceOfNumbers(),
    started: startOf(process.pid),
  };
  const before = readOr(path);
  const holder = held.has(path) ? self : holderOf(path, before, self, pause);
  if (holder !== undefined) throw heldBy(holder, self, name);
  if (before !== undefined) removeStale(path, before);
  const text = JSON.stringify(self);
  put(path, text);
  held.add(path);
  const renewing = setInterval(() => renew(path, text), RENEW_MS);
  renewing.unref();
  return () => {
    clearInterval(renewing);
    held.delete(path);
    if (readOr(path) === text) rmSync(path, { force: true });
  };
}

function heldBy({ pid, host, boot, space }: Holder, self: Holder, name: string): Error {
  const isSeen = host === self.host && boot === self.boot && space === self.space;
  const mend = isSeen
    ? `Where ${pid} is another program by now, remove ${name}`
    : `Where it is gone, try again ${SILENT_MS / 1_000} seconds after it ended`;
  return new Error(
    `process ${pid}${isSeen ? '' : ` of ${host}`} writes to it: each server or runtime needs a folder of its own. ${mend}`,
  );
}

/**
 * Removes what a process that is gone has left, and nothing else: of two that find it at one moment, the later one must not remove what the first
 * has put in its place.
 * @param text What was found to be stale.
 * @throws {Error} when another one was faster.
 */
function removeStale(path: string, text: string): void {
  const aside = `${path}.${randomUUID()}`;
  if (readOr(path) !== text) throw taken('meanwhile');
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const isStale = readOr(aside) === text;
  try {
    if (!isStale) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
  if (!isStale) throw taken('just now');
}

/** Puts it there whole: of a file that is still written another one would read that it says nothing. @throws {Error} when there is one. */
function put(path: string, text: string): void {
  const fresh = `${path}.${randomUUID()}`;
  try {
    writeFileSync(fresh, text, { flag: 'wx', mode: 0o600 });
    linkSync(fresh, path);
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? taken('just now') : error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

const taken = (when: string): Error =>
  new Error(
    `another process has begun to write to it ${when}: each server or runtime needs a folder of its own`,
  );

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** The other process that holds it, when there is one. */
function holderOf(
  path: string,
  text: string | undefined,
  self: Holder,
  pause: (ms: number) => void,
): Holder | undefined {
  const holder = readHolder(text ?? '');
  if (holder === undefined) return undefined;
  const { pid, host, boot, space, started } = holder;
  // Nothing is seen from here of another machine or container but whether it goes on saying that it is there. Two may have one name.
  if (host !== self.host || boot !== self.boot || space !== self.space)
    return isSilent(path, pause) ? undefined : holder;
  if (pid === self.pid) return undefined;
  return isAlive(pid) && started === startOf(pid) ? holder : undefined;
}

function readHolder(text: string): Holder | undefined {
  let value: Partial<Record<keyof Holder, unknown>>;
  try {
    value = Object(JSON.parse(text));
  } catch {
    return undefined; // torn, or none of ours
  }
  const { owner, pid, host, boot, space, started } = value;
  return Number.isSafeInteger(pid) &&
    Number(pid) > 0 &&
    typeof owner === 'string' &&
    typeof host === 'string' &&
    typeof boot === 'string' &&
    typeof space === 'string' &&
    typeof started === 'string'
    ? { owner, pid: Number(pid), host, boot, space, started }
    : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Whether it has said nothing lately, and says nothing while this waits. */
function isSilent(path: string, pause: (ms: number) => void): boolean {
  const last = saidAt(path);
  if (last === undefined) return true; // it was given back meanwhile
  // A time that is to come says no more than one that is long past.
  if (Math.abs(Date.now() - last) <= SILENT_MS) return false;
  for (let waited = 0; waited < WATCH_MS; waited += LOOK_MS) {
    pause(LOOK_MS);
    const now = saidAt(path);
    if (now !== last) return now === undefined;
  }
  return true;
}

function saidAt(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined; // there is none
  }
}

/** Holds the thread: who opens a folder can do nothing before it is known whose it is. */
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/** Says that this process is there, unless another took it for gone. */
function renew(path: string, text: string): void {
  try {
    const now = new Date();
    if (readOr(path) === text) utimesSync(path, now, now);
  } catch {
    // A disk that refuses this refuses what is written beside it, too, which is told there.
  }
}

const bootId = (): string => readOr('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

function spaceOfNumbers(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return ''; // not on Linux
  }
}

/** Field 22 of its line, after its name, which may hold anything. Empty where a system does not tell. */
const startOf = (pid: number): string => {
  const line = readOr(`/proc/${pid}/stat`) ?? '';
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
};

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // there is none, or it is not for us
  }
}
