import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Group } from './group.ts';
import { CALLERS, type Figures, type Subject } from './throughput/load.ts';
import { SUBJECTS } from './throughput/subjects.ts';

const SECONDS = 3;

/** Runs in a row, from 1 to 64 callers at once, beside what others need for the same. */
export const throughput: Group = {
  title: 'Runs that come in a row',
  measure: async ({ scale, seconds = SECONDS * scale }) => {
    const lines = [['', 'callers', 'runs a second', 'CPU a run', 'p50', 'p95', 'peak']];
    const notes = [
      `Each with ${CALLERS.join(', ')} callers for ${seconds} s, after half of that unmeasured.`,
    ];
    for (const [number, subject] of SUBJECTS.entries()) {
      const { guest, name, left } = subject;
      process.stderr.write(`${guest}, ${name} …\n`);
      const measured = await measure(number, seconds);
      if (measured.length === 0)
        notes.push(`left out: ${guest}, ${name}; install it with ${left ?? 'npm ci'}`);
      lines.push(...measured.map((figures) => line(subject, figures)));
    }
    return { rows: [], lines, notes };
  },
};

const ms = (value: number): string => `${value >= 10 ? value.toFixed(1) : value.toFixed(2)} ms`;

const line = ({ guest, name }: Subject, figures: Figures): string[] => [
  `${guest}: ${name}`,
  String(figures.callers),
  figures.perSecond >= 10 ? figures.perSecond.toFixed(0) : figures.perSecond.toFixed(1),
  ms(figures.cpuMs),
  ms(figures.p50Ms),
  ms(figures.p95Ms),
  `${figures.peakMiB.toFixed(0)} MiB`,
];

/** Answers nothing where the subject is not installed. */
function measure(number: number, seconds: number): Promise<Figures[]> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'throughput/drive.ts'), [String(number), String(seconds)]);
    const figures: Figures[] = [];
    child.on('message', (message: Figures | 'absent') => {
      if (message !== 'absent') figures.push(message); // our own module sends nothing else
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve(figures);
      else reject(new Error(`Cannot measure ${SUBJECTS[number]?.name}: its process ended with ${code}`));
    });
  });
}
