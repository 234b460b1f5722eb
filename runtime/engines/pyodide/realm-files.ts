import type { PyodideAssets } from './assets.ts';
import { LIBRARY_FOLDER } from './library.ts';
import type { PackageFile } from './packages.ts';
import type { Present } from './present.ts';
import type { RealmApi, RealmPort } from './realm/contract.ts';
import { bytesOf, moved } from './realm-bytes.ts';
import type { RunLink } from './run-link.ts';

const NOTHING = new Uint8Array();

export interface RealmFiles {
  readonly port: Pick<RealmPort, 'size' | 'load' | 'wants' | 'give'>;
  /** Puts files of packages in place for all that comes, before any run. */
  install(api: RealmApi, packages: readonly PackageFile[]): void;
  /**
   * Sets up a run in the realm. The first one brings its packages and its working folder.
   * @returns The path of a package's file that cannot be put in place.
   */
  enter(api: RealmApi, run: RunLink, isFirst: boolean): string | undefined;
  /** Nothing of a run is left to be read. */
  forget(): void;
}

/** Among the files that the realm can ask for. */
const libraryName = (module: string): string => `library/${module}`;

/** What the realm may read of the host's by name, and what it gives back. */
export function createRealmFiles(at: Present, assets: PyodideAssets): RealmFiles {
  const files = new Map<string, Uint8Array>([
    ['python_stdlib.zip', assets.stdlib],
    ['snapshot-header', assets.snapshot?.header ?? NOTHING],
    ['stdin', NOTHING],
  ]);
  return {
    install: (api, packages) => {
      for (const [index, file] of packages.entries()) {
        files.set(`package-${index}`, file.bytes);
        api.install(`package-${index}`, file.path);
        files.delete(`package-${index}`);
      }
    },
    enter: (api, run, isFirst) => {
      files.set('stdin', run.stdin);
      const packages = isFirst ? run.packages : [];
      for (const [index, file] of packages.entries()) files.set(`package-${index}`, file.bytes);
      for (const { name, code } of run.library) files.set(libraryName(name), code);
      const misplaced = api.enter(
        JSON.stringify({
          ...run.settings,
          cwd: isFirst ? run.settings.cwd : '',
          packages: packages.map((file) => file.path),
          library: run.library.map(({ name }) => [libraryName(name), `${LIBRARY_FOLDER}/${name}.pyc`]),
        }),
      );
      if (misplaced >= 0) return packages[misplaced]?.path;
      for (const file of run.files ?? []) {
        files.set('given', file.bytes);
        api.put('given', file.path);
      }
      files.delete('given');
      return undefined;
    },
    forget: () => {
      files.set('stdin', NOTHING);
    },
    port: {
      size: (name) => files.get(name)?.byteLength ?? -1,
      load: (name, into) => {
        const bytes = files.get(name);
        if (bytes !== undefined) bytesOf(into).set(bytes);
      },
      wants: (path, size) => at.link?.collected?.wants(path, size) ?? -1,
      give: (buffer) => at.link?.collected?.give(moved(buffer)),
    },
  };
}
