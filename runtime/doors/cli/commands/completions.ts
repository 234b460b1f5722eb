import { didYouMean } from '../../../vocabulary/nearest.ts';
import type { Command } from '../command.ts';
import type { Flag } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

type Shell = (commands: readonly Command[]) => string;

const flagNames = (flags: readonly Flag[]): string =>
  ['help', ...flags.map(({ name }) => name)].map((name) => `--${name}`).join(' ');
const namesOf = (commands: readonly Command[]): string => commands.map(({ name }) => name).join(' ');
/** Commands with a second word, and those words. */
const families = (
  commands: readonly Command[],
): readonly { readonly name: string; readonly words: string }[] =>
  commands.flatMap(({ name, subcommands }) =>
    subcommands === undefined
      ? []
      : [{ name, words: subcommands.map((one) => one.name.slice(name.length + 1)).join(' ') }],
  );
/** Text between single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const SHELLS: Readonly<Record<string, Shell>> = {
  bash: (commands) => `_sandglass() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(namesOf(commands))} -- "$word") $(compgen -f -- "$word"))
    return
  fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "$command" in
${families(commands)
  .map(
    ({ name, words }) =>
      `      ${name}) COMPREPLY=($(compgen -W ${quoted(words)} -- "$word")); [ ${'$'}{#COMPREPLY[@]} -gt 0 ] && return ;;`,
  )
  .join('\n')}
    esac
  fi
  case "$command" in
${commands.map(({ name, flags }) => `    ${name}) local flags=${quoted(flagNames(flags))} ;;`).join('\n')}
    *) local flags= ;;
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _sandglass sandglass
`,
  zsh: (commands) => `#compdef sandglass
_sandglass() {
  local -a commands
  commands=(${commands.map(({ name, summary }) => quoted(`${name}:${summary}`)).join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    _files
    return
  fi
  if (( CURRENT == 3 )); then
    case "$words[2]" in
${families(commands)
  .map(({ name, words }) => `      ${name}) compadd ${words} ;;`)
  .join('\n')}
    esac
  fi
  case "$words[2]" in
${commands
  .map(
    ({ name, flags }) =>
      `    ${name}) _arguments ${flags
        .map(({ name: flag, value, help }) => {
          const plain = (text: string): string => text.replace(/[[\]:]/g, ' ');
          return quoted(
            value === undefined
              ? `--${flag}[${plain(help)}]`
              : `*--${flag}=[${plain(help)}]:${plain(value)}:_files`,
          );
        })
        .join(' ')} '*:file:_files' ;;`,
  )
  .join('\n')}
  esac
}
_sandglass "$@"
`,
  fish: (commands) =>
    `${commands
      .flatMap(({ name, summary, flags }) => [
        `complete -c sandglass -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
        ...families(commands)
          .filter((family) => family.name === name)
          .map(
            ({ words }) =>
              `complete -c sandglass -n ${quoted(`__fish_seen_subcommand_from ${name}`)} -a ${quoted(words)}`,
          ),
        ...flags.map(
          ({ name: flag, value, help }) =>
            `complete -c sandglass -n ${quoted(`__fish_seen_subcommand_from ${name}`)} -l ` +
            `${flag}${value === undefined ? '' : ' -r'} -d ${quoted(help)}`,
        ),
      ])
      .join('\n')}\n`,
};

/** @param commands All there are, this one too. */
export const completionsCommand = (commands: () => readonly Command[]): Command => ({
  name: 'completions',
  summary: 'Print completions for a shell',
  usage: Object.keys(SHELLS).join('|'),
  about: ['Prints a script that completes commands, flags and file names. Load it where your shell starts.'],
  flags: [],
  examples: [
    'source <(sandglass completions bash)',
    'sandglass completions fish > ~/.config/fish/completions/sandglass.fish',
  ],
  run: async ({ terminal }, { positionals: [shell, ...others] }) => {
    const names = Object.keys(SHELLS);
    const print = shell !== undefined && Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
    if (print === undefined || others.length > 0) {
      throw new UsageError(
        shell === undefined
          ? 'Nothing to print: name a shell'
          : `Unknown shell "${others[0] ?? shell}"${didYouMean(shell, names)}`,
        `Shells: ${names.join(', ')}`,
      );
    }
    terminal.stdout.write(print(commands()));
    return 0;
  },
});
