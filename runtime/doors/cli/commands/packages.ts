import type { Command } from '../command.ts';
import { readNames, readPackageSources, SOURCE_FLAGS } from '../package-flags.ts';
import { showProgress } from '../progress.ts';
import { formatSize } from '../quantities.ts';
import { styleFor } from '../style.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage-error.ts';

export const packagesCommand: Command = {
  name: 'packages',
  summary: 'Fetch Python packages ahead of runs',
  usage: 'fetch NAME… [flags]',
  about: [
    'Chooses wheels of these packages and of all they depend on, checks each against its SHA-256 and ' +
      'keeps them in the cache: runs that need them work offline from then on. Versions that were ' +
      'chosen before are chosen anew.',
  ],
  flags: [
    ...SOURCE_FLAGS,
    { name: 'json', help: 'Print one JSON array: name, version, file, sha256, from, bytes.' },
  ],
  examples: [
    'sandglass packages fetch numpy pandas',
    "sandglass packages fetch 'attrs>=23' --index=http://localhost:8080/simple/",
  ],
  async run({ terminal, loadPackages }, parsed) {
    const [action, ...names] = parsed.positionals;
    if (action !== 'fetch') {
      throw new UsageError(
        action === undefined
          ? 'Nothing to do: say what, e.g. packages fetch NAME'
          : `Unknown action "${action}" of packages`,
        'Actions: fetch',
      );
    }
    const wanted = readNames(names);
    if (wanted.length === 0) throw new UsageError('Nothing to fetch: give the names of packages');
    const sources = await readPackageSources(parsed, terminal, true);
    const style = styleFor(terminal.stderr, terminal);
    const progress = showProgress(terminal.stderr, style, `Fetching ${wanted.join(', ')}`);
    const fetched = await (await loadPackages())(sources ?? {}, wanted, (what) => {
      progress.clear();
      terminal.stderr.write(`${style.dim(`downloading ${what}`)}\n`);
    }).finally(() => progress.stop());
    if (parsed.has('json')) terminal.stdout.write(`${JSON.stringify(fetched)}\n`);
    else {
      const rows = fetched.map(({ name, version, bytes, from, file }) => [
        name,
        version,
        formatSize(bytes),
        from,
        file,
      ]);
      terminal.stdout.write(`${table([['package', 'version', 'unpacked', 'from', 'wheel'], ...rows])}\n`);
    }
    return 0;
  },
};
