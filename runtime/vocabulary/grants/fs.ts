export const FS_ACCESS = ['read', 'write', 'delete'] as const;

export type FsAccess = (typeof FS_ACCESS)[number];

/** One mount: a host folder (or file) seen by the guest at a guest path. */
export interface FsGrant {
  /** Host path of a folder, or of one file. Relative paths start at the embedder's working folder. */
  readonly host: string;
  /** Absolute guest path. @default `/` + the last segment of `host` */
  readonly guest?: string;
  /** @default ['read']. `write` includes `delete` unless `delete: false`. */
  readonly access?: readonly FsAccess[];
  /** `false` takes deletion (and renaming over a file) out of `write`. @default true */
  readonly delete?: boolean;
  /** File name endings that may be touched, case-insensitive, e.g. `['.csv', '.json']`. @default any */
  readonly extensions?: readonly string[];
  /** Globs below the mount that do not exist for the guest, e.g. `['secret/**']`. */
  readonly deny?: readonly string[];
  /** Largest file read or written, bytes, counted after a write. @default 10 MiB for writes, none for reads */
  readonly maxFileBytes?: number;
  /** Files open at the same time. @default 64 */
  readonly maxOpenFiles?: number;
  /** Calls through this entry. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
  /** Bytes read and written through this entry, together. Over it the call is denied. */
  readonly maxBytes?: number;
  /** Bytes read through this entry. Over it the call is denied. */
  readonly maxReadBytes?: number;
  /** Bytes written through this entry. Over it the call is denied. */
  readonly maxWriteBytes?: number;
}
