/** What a model is told in each turn, and what it says. */
export interface Turn {
  readonly said: string;
  /** Complete TypeScript, to be run. */
  readonly program: string;
}

/** Stands in for a model: it has what a model is given, signatures and errors, and answers the same each time. */
export interface Model {
  /** The first answer, from the text of `runtime.tools.signatures`. */
  begin(signatures: string): Turn;
  /** The next, from what the last program failed with. */
  mend(message: string): Turn;
}

/** Words for the same thing, as one who has not seen the file would try them. */
const WORDS_FOR_RAIN = ['rain', 'rainfall', 'precipitation'];

const NEEDED = ['read_file', 'csv_query', 'data_analyzer'];

/** Writes a program for the question how windy the rainy days of each year were, in a file whose columns it has to learn. */
export function createScriptedModel(path: string): Model {
  let column = WORDS_FOR_RAIN[0] ?? '';
  const program = (): string => programFor(path, column);
  return {
    begin(signatures) {
      const missing = NEEDED.filter((name) => !signatures.includes(`${name}(args`));
      if (missing.length > 0) throw new Error(`The model was given no signature of ${missing.join(', ')}`);
      return { said: `I take it that the file has a column "${column}".`, program: program() };
    },
    mend(message) {
      const known = / there are: (?<names>[^\n]*)/.exec(message)?.groups?.names?.split(', ') ?? [];
      const better = WORDS_FOR_RAIN.find((word) => word !== column && known.includes(word));
      if (better === undefined) throw new Error(`The model cannot mend its program: ${message}`);
      const said = `There is no "${column}", but a "${better}", which is the same.`;
      column = better;
      return { said, program: program() };
    },
  };
}

const programFor = (path: string, column: string): string => `\
const { content } = await tools.read_file({ path: '${path}' });
const { rows } = await tools.csv_query({
  csv: content,
  where: [{ column: '${column}', is: '>', value: 0 }],
  columns: ['date', 'wind'],
});
const years = Map.groupBy(rows, ({ date }) => date.slice(0, 4));
const answer = await Promise.all(
  [...years].map(async ([year, days]) => {
    const { mean, max } = await tools.data_analyzer({ data: days.map(({ wind }) => Number(wind)) });
    return { year, rainyDays: days.length, meanWind: Math.round(mean * 100) / 100, strongest: max };
  }),
);
answer
`;
