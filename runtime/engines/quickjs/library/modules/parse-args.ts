import { inner, nodeError } from '../inner.ts';

interface OptionConfig {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: unknown;
}
interface Config {
  readonly args?: readonly string[];
  readonly options?: Readonly<Record<string, OptionConfig>>;
  readonly strict?: boolean;
  readonly allowPositionals?: boolean;
  readonly allowNegative?: boolean;
  readonly tokens?: boolean;
}
interface Token {
  readonly kind: 'option' | 'positional' | 'option-terminator';
  readonly index: number;
  readonly name?: string;
  readonly rawName?: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** Node's `util.parseArgs`. */
export const parseArgs = (config: Config = {}): Record<string, unknown> => {
  const { args = inner.setup.args, options = {}, strict = true, allowNegative = false } = config;
  const { allowPositionals = !strict } = config;
  const tokens = tokenize(args, options);
  const values: Record<string, unknown> = Object.create(null);
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (!allowPositionals) {
        throw nodeError(
          TypeError,
          'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL',
          `Unexpected argument '${token.value}'. This command does not take positional arguments`,
        );
      }
      positionals.push(token.value as string);
    } else if (token.kind === 'option') take(token, { options, strict, allowNegative, values });
  }
  for (const [name, option] of Object.entries(options)) {
    if (option.default !== undefined && !(name in values)) values[name] = option.default;
  }
  return { values, positionals, ...(config.tokens === true ? { tokens } : {}) };
};

interface Taking {
  readonly options: Readonly<Record<string, OptionConfig>>;
  readonly strict: boolean;
  readonly allowNegative: boolean;
  readonly values: Record<string, unknown>;
}

const take = (token: Token, { options, strict, allowNegative, values }: Taking): void => {
  const { rawName = '', value } = token;
  let { name = '' } = token;
  let truth = true;
  if (allowNegative && name.startsWith('no-') && options[name.slice(3)]?.type === 'boolean') {
    name = name.slice(3);
    truth = false;
  }
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (strict) {
    if (option === undefined) {
      throw nodeError(TypeError, 'ERR_PARSE_ARGS_UNKNOWN_OPTION', `Unknown option '${rawName}'`);
    }
    const short = option.short === undefined ? '' : `-${option.short}, `;
    if (option.type === 'string' && typeof value !== 'string') {
      throw nodeError(
        TypeError,
        'ERR_PARSE_ARGS_INVALID_OPTION_VALUE',
        `Option '${short}--${name} <value>' argument missing`,
      );
    }
    if (option.type === 'boolean' && value !== undefined) {
      throw nodeError(
        TypeError,
        'ERR_PARSE_ARGS_INVALID_OPTION_VALUE',
        `Option '${short}--${name}' does not take an argument`,
      );
    }
  }
  const found = value ?? truth;
  if (option?.multiple === true) values[name] = [...((values[name] as unknown[] | undefined) ?? []), found];
  else values[name] = found;
};

const tokenize = (args: readonly string[], options: Readonly<Record<string, OptionConfig>>): Token[] => {
  const tokens: Token[] = [];
  const byShort = (short: string): string =>
    Object.entries(options).find(([, option]) => option.short === short)?.[0] ?? short;
  const takesText = (name: string): boolean =>
    Object.hasOwn(options, name) && options[name]?.type === 'string';
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string; // within its length
    const next = args[index + 1];
    const option = (name: string, rawName: string, value?: string, inlineValue?: boolean): void => {
      tokens.push({ kind: 'option', name, rawName, index, value, inlineValue });
    };
    if (arg === '--') {
      tokens.push({ kind: 'option-terminator', index });
      for (let rest = index + 1; rest < args.length; rest++) {
        tokens.push({ kind: 'positional', index: rest, value: args[rest] });
      }
      break;
    }
    if (arg.startsWith('--')) {
      const equals = arg.indexOf('=');
      if (equals > 2) option(arg.slice(2, equals), arg.slice(0, equals), arg.slice(equals + 1), true);
      else if (takesText(arg.slice(2)) && next !== undefined && (next === '-' || !next.startsWith('-'))) {
        option(arg.slice(2), arg, next, false);
        index += 1;
      } else option(arg.slice(2), arg);
    } else if (arg.startsWith('-') && arg.length > 1) {
      for (let at = 1; at < arg.length; at++) {
        const name = byShort(arg[at] as string);
        const rest = arg.slice(at + 1);
        if (!takesText(name)) option(name, `-${arg[at]}`);
        else {
          if (rest !== '') option(name, `-${arg[at]}`, rest.startsWith('=') ? rest.slice(1) : rest, true);
          else if (next !== undefined && (next === '-' || !next.startsWith('-'))) {
            option(name, `-${arg[at]}`, next, false);
            index += 1;
          } else option(name, `-${arg[at]}`);
          break;
        }
      }
    } else tokens.push({ kind: 'positional', index, value: arg });
  }
  return tokens;
};
