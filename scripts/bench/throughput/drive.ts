// One line of the table, in a process of its own: its memory and its processor time are then its own. Told the number of the subject and seconds.
import { measureLoad } from './load.ts';
import { SUBJECTS } from './subjects.ts';

const [number = '', seconds = ''] = process.argv.slice(2);
const subject = SUBJECTS[Number(number)];
if (subject === undefined) throw new Error(`Cannot measure: there is no subject ${number}`);

const opened = await subject.open(Number(seconds));
if (opened === undefined) process.send?.('absent');
else if ('run' in opened) {
  await measureLoad(opened, Number(seconds), (figures) => process.send?.(figures));
  await opened.close?.();
} else for (const figures of opened) process.send?.(figures);
process.disconnect?.();
