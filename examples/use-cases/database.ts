// A database for a model: one guest may fill it, another may only read it. SQLite runs as a guest, too.
import { fileURLToPath } from 'node:url';
import { createRuntime } from 'sandglass';

await using runtime = createRuntime({ sql: { weather: 'memory:' } });
const filled = await runtime.run({
  language: 'javascript',
  code: `import { readFile } from 'node:fs/promises';
    const { sql } = sandglass;
    await sql.execute('weather', 'create table days (date text primary key, rain real, high real, low real, wind real, kind text)');
    const days = (await readFile('/data/seattle-weather.csv', 'utf8')).trim().split('\\n').slice(1).map((day) => day.split(','));
    for (let at = 0; at < days.length; at += 250) {
      const some = days.slice(at, at + 250);
      await sql.execute('weather', 'insert into days values ' + some.map(() => '(?, ?, ?, ?, ?, ?)').join(', '),
        some.flatMap(([date, rain, high, low, wind, kind]) => [date, +rain, +high, +low, +wind, kind]));
    }
    (await sql.query('weather', 'select count(*) as n from days')).rows[0].n`,
  grant: {
    fs: [{ host: fileURLToPath(new URL('../data', import.meta.url)), guest: '/data', access: ['read'] }],
    sql: [{ name: 'weather', access: ['read', 'write'] }],
  },
});
if (!filled.ok) throw filled.error;
console.log(`rows: ${filled.value}`);

const ask = (code: string) =>
  runtime.run({ language: 'javascript', code, grant: { sql: [{ name: 'weather', access: ['read'] }] } });
const asked = await ask(`const { rows } = await sandglass.sql.query('weather',
  'select kind, count(*) as days, round(avg(high), 1) as high from days where high > ? group by kind order by days desc', [10]); rows`);
if (!asked.ok) throw asked.error;
for (const { kind, days, high } of asked.value as { kind: string; days: number; high: number }[])
  console.log(`${kind.padEnd(8)} ${String(days).padStart(4)} days, ${high} °C`);

const refused = await ask(`await sandglass.sql.execute('weather', 'delete from days')`);
console.log(refused.ok ? 'deleted' : refused.error.code);
