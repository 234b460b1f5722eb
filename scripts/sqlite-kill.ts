// Stops writers of a SQLite database at many points of their work, and looks after each whether all that was committed is there:
//   node scripts/sqlite-kill.ts [POINTS]
import { killWriters } from '../test/support/sqlite-kill.ts';

const { points, killed, halfDone, committed, faults } = await killWriters(Number(process.argv[2] ?? 200));
console.log(
  `${points} writers: ${killed} stopped (${halfDone} with the file half written), ${committed} committed, ${faults.length} faults`,
);
for (const fault of faults) console.log(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
