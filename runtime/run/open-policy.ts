import type { PolicyApi } from '../contracts/api/policy.ts';
import type { AnyHostFunction } from '../contracts/host-function.ts';
import type { PolicyFile } from '../contracts/platform.ts';
import { type RunError, SandglassError } from '../vocabulary/errors.ts';
import type { TellNotice } from '../vocabulary/notice.ts';
import type { Policy, PolicySource } from '../vocabulary/policy.ts';
import { readPolicy } from '../vocabulary/read-policy.ts';

export interface OpenPolicyOptions {
  /** In code; beside a file it is a mistake. */
  readonly given: unknown;
  readonly file: PolicyFile | undefined;
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  readonly tell: TellNotice;
  /** See `Platform.missingFolders`. */
  readonly missingFolders: ((folders: readonly string[]) => readonly string[]) | undefined;
}

export interface OpenPolicy {
  readonly source: PolicySource;
  readonly api: PolicyApi;
  /** Watches the file no longer. */
  close(): void;
}

/**
 * The policy of a runtime: it holds until it is replaced, or its file changes. A file that cannot be read any more changes nothing.
 * @throws {TypeError | RangeError} naming the field. @throws {SandglassError} MANIFEST_INVALID, where it stands in a file.
 */
export function openPolicy(options: OpenPolicyOptions): OpenPolicy {
  const { given, file, hostFunctions, tell } = options;
  if (file !== undefined && given !== undefined)
    throw new TypeError(
      'Cannot create a runtime: policy and policyFile are given, of which one must be left out',
    );
  const fromFile = ({ read, path }: PolicyFile): Policy => {
    try {
      return readPolicy(read(), hostFunctions, 'policy');
    } catch (error) {
      throw inFile(path, error);
    }
  };
  const tellMissing = ({ base }: Policy): void => {
    const folders = base?.given.fs?.map(({ host }) => host) ?? [];
    for (const folder of options.missingFolders?.(folders) ?? [])
      tell({ kind: 'folder-missing', message: `the policy grants the folder ${folder}, which is not there` });
  };
  let current = file === undefined ? readPolicy(given, hostFunctions, 'policy') : fromFile(file);
  let revision = 1;
  let refused: RunError | undefined;
  tellMissing(current);
  const take = (policy: Policy): void => {
    current = policy;
    revision += 1;
    refused = undefined;
    tellMissing(policy);
  };
  const unwatch = file?.watch(() => {
    try {
      take(fromFile(file));
      tell({ kind: 'policy-read', message: `the policy ${file.path} has changed and is in force` });
    } catch (error) {
      if (!(error instanceof SandglassError)) throw error;
      refused = error.toJSON();
      tell({ kind: 'policy-refused', message: `${error.message}; the one before stays in force` });
    }
  });
  return {
    source: {
      get current() {
        return current;
      },
      get revision() {
        return revision;
      },
    },
    api: {
      get revision() {
        return revision;
      },
      get refused() {
        return refused;
      },
      replace: (policy) => {
        if (policy === undefined)
          throw new TypeError('Cannot replace the policy: expected a grant or a document');
        take(readPolicy(policy, hostFunctions, 'policy'));
      },
    },
    close: () => unwatch?.(),
  };
}

/** What is wrong with a document, as what is wrong with a file. */
function inFile(path: string, error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError)) return error;
  const reason = error.message.replace(/^Cannot read /, '');
  const [place = ''] = reason.split(/[: ]/, 1);
  const field = place.replace(/^policy\.?/, '');
  return new SandglassError('MANIFEST_INVALID', `Cannot read the policy ${path}: ${reason}`, {
    details: { file: path, errors: [{ path: field, message: reason, rule: 'policy' }] },
    hint: 'Mend the file; its form is sandglass/policy.schema.json',
  });
}
