import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../../runtime/index.ts';
import { callTable, check, say, show, showDenial } from './print.ts';
import { createScriptedModel } from './scripted-model.ts';
import type { Stage } from './stage.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/data');
const FILE = 'seattle-weather.csv';
const TOOLS = ['read_file', 'csv_query', 'data_analyzer'];

/** A model that errs more often than this is given up. */
const MOST_TURNS = 3;

/** The model writes one program in place of six calls; what it gets wrong, a tool tells it, and it mends the program. */
export async function answerByCode(stage: Stage): Promise<void> {
  say(`granted: read /data; the tools ${TOOLS.join(', ')}`);
  say('asked: how windy were the rainy days of each year?');
  await stage.runtime.tools.ready();
  const model = createScriptedModel(`/data/${FILE}`);
  let turn = model.begin(stage.runtime.tools.signatures({ format: 'typescript', names: TOOLS }));
  let outcome: Outcome | undefined;
  let turns = 0;
  while (turns < MOST_TURNS) {
    turns += 1;
    say(`\n  the model: ${turn.said}`);
    if (turns === 1) show(turn.program);
    outcome = await stage.run(`program ${turns} of the model`, {
      language: 'typescript',
      code: turn.program,
      filename: 'answer.ts',
      grant: { fs: [{ host: EXAMPLES, guest: '/data', access: ['read'] }], tools: TOOLS },
    });
    if (!outcome.ok) showDenial(outcome);
    callTable(outcome);
    if (outcome.ok) break;
    turn = model.mend(outcome.error.message);
  }
  if (outcome?.ok !== true) return check(false, 'it answered');
  if (Array.isArray(outcome.value)) for (const year of outcome.value) show(JSON.stringify(year));
  check(turns === 2, 'the model mended its program by what the tool told it');
  const counted = JSON.stringify(await countHere());
  check(JSON.stringify(outcome.value) === counted, 'the host counts the same in the file');
}

/** The answer once more, without guest or tool. */
async function countHere(): Promise<unknown> {
  const [, ...lines] = (await readFile(join(EXAMPLES, FILE), 'utf8')).trim().split('\n');
  const days = lines.map((line) => line.split(',')).filter(([, rain]) => Number(rain) > 0);
  return [...Map.groupBy(days, ([date = '']) => date.slice(0, 4))].map(([year, its]) => {
    const winds = its.map((day) => Number(day[4]));
    const mean = winds.reduce((sum, wind) => sum + wind, 0) / winds.length;
    return {
      year,
      rainyDays: its.length,
      meanWind: Math.round(mean * 100) / 100,
      strongest: Math.max(...winds),
    };
  });
}
