import type { Runtime } from '../../contracts/api/runtime.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { refuseUnknown, wholeNumber } from '../../vocabulary/read-options.ts';
import { KIB } from '../../vocabulary/units.ts';
import { type AuditLog, openAuditLog } from './audit-log.ts';
import { AUDITED, recordOf } from './record.ts';

/** Where the audit of a runtime goes. */
export interface AuditOptions {
  /** Folder of its files, made where there is none. One writer a folder. */
  readonly dir: string;
  /** Largest file, bytes, 4 KiB..1 GiB; the chain goes on in the next. @default 64 MiB */
  readonly maxFileBytes?: number;
  /** What may wait in memory for the disk, bytes, 64 KiB..64 MiB. @default 1 MiB */
  readonly maxQueuedBytes?: number;
}

const KNOWN: Readonly<Record<keyof AuditOptions, true>> = {
  dir: true,
  maxFileBytes: true,
  maxQueuedBytes: true,
};

/**
 * A runtime of whose events each is a line of an audit, from now until it is closed.
 * @throws {TypeError | RangeError} for options that cannot be read. @throws {SandglassError} INPUT_INVALID for a folder that cannot be
 * written to, or that another one writes to.
 */
export function audited(
  runtime: Runtime,
  options: AuditOptions,
  onFault: (error: unknown) => void,
  now: () => number = Date.now,
): Runtime {
  const log = orClose(runtime, () => openIn(readOptions(options), onFault, now));
  const listeners = AUDITED.map((kind) => runtime.on(kind, (event) => log.write(recordOf(event))));
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= runtime.close().finally(() => {
      for (const stop of listeners) stop();
      log.close();
    });
    return closed;
  };
  return { ...runtime, close, [Symbol.asyncDispose]: close };
}

/** A runtime that nobody gets is closed. */
function orClose<T>(runtime: Runtime, open: () => T): T {
  try {
    return open();
  } catch (error) {
    void runtime.close();
    throw error;
  }
}

function openIn(
  options: Required<AuditOptions>,
  onFault: (error: unknown) => void,
  now: () => number,
): AuditLog {
  try {
    return openAuditLog({ ...options, onFault, now });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SandglassError('INPUT_INVALID', `Cannot write an audit to "${options.dir}": ${reason}`, {
      hint: 'Name a folder that is empty, not there yet, or has an audit that nobody else writes to',
    });
  }
}

function readOptions(options: AuditOptions): Required<AuditOptions> {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('Cannot create a runtime: audit is not an object with dir');
  refuseUnknown(options, KNOWN, 'create a runtime: audit');
  const { dir, maxFileBytes, maxQueuedBytes } = options;
  if (typeof dir !== 'string' || dir === '')
    throw new TypeError('Cannot create a runtime: audit.dir is not the path of a folder');
  return {
    dir,
    maxFileBytes:
      wholeNumber(maxFileBytes, 'create a runtime: audit.maxFileBytes', {
        minimum: 4 * KIB,
        maximum: KIB ** 3,
        unit: 'bytes',
      }) ?? 64 * KIB ** 2,
    maxQueuedBytes:
      wholeNumber(maxQueuedBytes, 'create a runtime: audit.maxQueuedBytes', {
        minimum: 64 * KIB,
        maximum: 64 * KIB ** 2,
        unit: 'bytes',
      }) ?? KIB ** 2,
  };
}
