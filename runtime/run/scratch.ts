import type { GuestResult, PreparedGuest, RunSpec } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import type { AnyHostFunction, ScratchFiles } from '../contracts/host-function.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import {
  GUEST_FILES,
  type GuestFile,
  isScratchPath,
  overCollected,
  SCRATCH_PATH,
} from '../vocabulary/guest-file.ts';
import { matchesScratch } from '../vocabulary/scratch-glob.ts';

/** What a run says of its scratch folder. */
interface ScratchRequest {
  readonly files: readonly GuestFile[];
  readonly collect: readonly string[];
}

/** Where relative paths start when the caller did not say: the first granted folder, else the scratch folder. */
export const workingFolder = (
  asked: string | undefined,
  gate: Gate,
  hostFunctions: ReadonlyMap<string, AnyHostFunction>,
): string =>
  asked ??
  gate.mounts.find((mount) => mount.scratch !== true)?.path ??
  ([...hostFunctions.values()].some((host) => host.folders === true) ? SCRATCH_PATH : '/');

/**
 * Puts the files of a run where its guest will find them, and answers what its cell must be told of them: nothing, unless its engine has a
 * scratch folder of its own.
 * @throws {SandglassError} UNSUPPORTED where the run has no scratch folder, INPUT_INVALID when the files do not fit.
 */
export async function putFiles(
  { files, collect }: ScratchRequest,
  guest: PreparedGuest,
  gate: Gate,
): Promise<Pick<RunSpec, 'files' | 'collect'>> {
  if (files.length === 0 && collect.length === 0) return {};
  if (guest.ownScratch === true) {
    if (gate.mounts.some(({ path, scratch }) => path === SCRATCH_PATH && scratch !== true)) throw noScratch();
    return { files, collect };
  }
  const scratch = await scratchOf(gate);
  scratch.put(files);
  return {};
}

/**
 * What fits `collect` when the guest has ended by itself; nothing of one that was stopped.
 * @throws {SandglassError} OUTPUT_EXCEEDED
 */
export async function collectFiles(
  { collect }: ScratchRequest,
  guest: PreparedGuest,
  gate: Gate,
  end: Pick<GuestResult, 'files'> | { readonly kind: 'stopped' | 'crashed' },
): Promise<readonly GuestFile[]> {
  if (collect.length === 0) return [];
  if ('kind' in end && (end.kind === 'stopped' || end.kind === 'crashed')) return [];
  if (guest.ownScratch !== true) return (await scratchOf(gate)).collect(collect);
  return checkCollected('files' in end ? end.files : [], collect);
}

async function scratchOf(gate: Gate): Promise<ScratchFiles> {
  const scratch = await gate.scratch();
  if (scratch !== undefined) return scratch;
  throw noScratch();
}

const noScratch = (): SandglassError =>
  new SandglassError(
    'UNSUPPORTED',
    `Cannot take files in or out: the run has no scratch folder ${SCRATCH_PATH}`,
    {
      hint: `Leave files and collect out, or do not mount a granted folder at ${SCRATCH_PATH}`,
    },
  );

/** What a cell says it has collected. A guest may have made all of it. */
function checkCollected(files: unknown, collect: readonly string[]): readonly GuestFile[] {
  if (files === undefined) return [];
  if (!Array.isArray(files) || files.length > GUEST_FILES.maxFiles) throw overCollected();
  let total = 0;
  return files.map((file: unknown) => {
    const { path, bytes } = (file ?? {}) as { readonly path?: unknown; readonly bytes?: unknown };
    if (
      typeof path !== 'string' ||
      !(bytes instanceof Uint8Array) ||
      !isScratchPath(path) ||
      !collect.some((pattern) => matchesScratch(pattern, path))
    ) {
      throw new SandglassError(
        'OUTPUT_INVALID',
        'Cannot give back the collected files: one is not a file of the scratch folder',
      );
    }
    total += bytes.byteLength;
    if (total > GUEST_FILES.maxBytes) throw overCollected();
    return { path, bytes: new Uint8Array(bytes) };
  });
}
