/** What the files of tools hold. */
export type ToolFileKind = 'wasm' | 'javascript' | 'typescript' | 'python';

/** Where `tools.discover` looks, and for what. */
export interface DiscoverOptions {
  /** Folders, or files; nothing outside of them is looked at, and links are not followed. */
  readonly dirs: readonly (string | URL)[];
  /** Only files that fit one of these: names, `*.py`, or paths below the folder, `reports/**`. At most 100. @default all */
  readonly include?: readonly string[];
  /** Not these files and folders; wins over `include`. Hidden ones, `node_modules` and `__pycache__` are never looked at. */
  readonly exclude?: readonly string[];
  /** Largest file, bytes, 1..67_108_864. @default 64 MiB */
  readonly maxBytes?: number;
  /** Folders in folders, 1..32. @default 5 */
  readonly maxDepth?: number;
  /** Only files of one kind. @default all */
  readonly kind?: ToolFileKind;
  /** `false`: nothing is registered; what would be is told. @default true */
  readonly register?: boolean;
}
