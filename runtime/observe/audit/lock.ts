import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';

const NAME = 'audit.lock';
/** Locks that this process holds. */
const held = new Set<string>();
/** A holder says so often that it is there: whoever is on another machine, or in another container, sees nothing else of it. */
const RENEW_MS = 10_000;
/** A holder elsewhere that has said nothing for so long is gone. */
const SILENT_MS = 60_000;

/** Who holds a lock. A number of a process alone says little: in each container the first process is 1. */
interface Holder {
  readonly pid: number;
  /** Name of the machine, or the container. */
  readonly host: string;
  /** Changes when the machine starts anew. */
  readonly boot: string;
  /** When the process began, in the machine's own count: a later one may have its number. */
  readonly started: string;
}

/**
 * Keeps a folder for one writer: two would tear what is written. What a process that is gone has left is taken over.
 * @param name Of the file that says so. @default 'audit.lock'
 * @returns Gives it back.
 * @throws {Error} when another one writes to it.
 */
export function lockFolder(dir: string, name: string = NAME): () => void {
  const path = join(resolve(dir), name);
  const self = { pid: process.pid, host: hostname(), boot: bootId(), started: startOf(process.pid) };
  const before = readOr(path);
  const holder = held.has(path) ? self : holderOf(path, before, self);
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

function heldBy({ pid, host }: Holder, self: Holder, name: string): Error {
  const elsewhere = host === self.host ? '' : ` of ${host}`;
  return new Error(
    `process ${pid}${elsewhere} writes to it: each server or runtime needs a folder of its own. Where ` +
      `${pid} is another program by now, remove ${name}`,
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
function holderOf(path: string, text: string | undefined, self: Holder): Holder | undefined {
  const holder = readHolder(text ?? '');
  if (holder === undefined) return undefined;
  const { pid, host, boot, started } = holder;
  // Nothing of another machine is seen from here but whether it goes on saying that it is there.
  if (host !== self.host) return isSilent(path) ? undefined : holder;
  if (boot !== self.boot || pid === self.pid) return undefined;
  return isAlive(pid) && started === startOf(pid) ? holder : undefined;
}

function readHolder(text: string): Holder | undefined {
  let value: Partial<Record<keyof Holder, unknown>>;
  try {
    value = Object(JSON.parse(text));
  } catch {
    return undefined; // torn, or none of ours
  }
  const { pid, host, boot, started } = value;
  return Number.isSafeInteger(pid) &&
    Number(pid) > 0 &&
    typeof host === 'string' &&
    typeof boot === 'string' &&
    typeof started === 'string'
    ? { pid: Number(pid), host, boot, started }
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

function isSilent(path: string): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs > SILENT_MS;
  } catch {
    return true; // it was given back meanwhile
  }
}

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
