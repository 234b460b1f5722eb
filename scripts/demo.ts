// Shows on real data what a guest can do with a grant, and what it cannot do without one. `--section N` plays one section.
import { parseArgs } from 'node:util';
import { heading, missedPromises, say, usageTable } from './demo/print.ts';
import { aggregate, sections } from './demo/sections.ts';
import { openStage } from './demo/stage.ts';

const { values } = parseArgs({ options: { section: { type: 'string' } } });
const chosen =
  values.section === undefined
    ? sections
    : sections.filter((_, index) => String(index + 1) === values.section);
if (chosen.length === 0) {
  console.error(`Cannot play section ${values.section}: there are 1 to ${sections.length}`);
  process.exit(2);
}

const started = performance.now();
{
  await using stage = await openStage();
  if (chosen.every(({ needsResult }) => needsResult)) await aggregate(stage);
  for (const section of chosen) {
    heading(section.title);
    await section.play(stage);
  }
  heading('What each run cost');
  usageTable(stage.acts);
}
const missed = missedPromises();
say(
  `\n  ${((performance.now() - started) / 1000).toFixed(1)} s, ${missed.length === 0 ? 'everything held' : `${missed.length} did not hold`}`,
);
process.exitCode = missed.length === 0 ? 0 : 1;
