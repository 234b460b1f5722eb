// A site is read page by page: a guest follows its links and takes the tables. No browser is needed, as nothing on the pages runs.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRuntime } from 'sandglass';

const days = (await readFile(new URL('../data/seattle-weather.csv', import.meta.url), 'utf8'))
  .trim()
  .split('\n')
  .slice(1);
const site = createServer((request, response) => {
  const year = request.url?.slice(1) ?? '';
  const rows = days.filter((day) => day.startsWith(year)).map((day) => day.split(','));
  const links = [2012, 2013, 2014, 2015].map((one) => `<li><a href="/${one}">${one}</a></li>`).join('');
  const table = rows
    .map(([date, rain]) => `<tr><td class="day">${date}</td><td class="rain">${rain}</td></tr>`)
    .join('');
  response.setHeader('content-type', 'text/html');
  response.end(
    `<title>Weather ${year}</title>${year === '' ? `<ul>${links}</ul>` : `<table>${table}</table>`}`,
  );
}).listen(0, '127.0.0.1');
await once(site, 'listening');
const origin = `http://127.0.0.1:${(site.address() as { port: number }).port}`;

await using runtime = createRuntime({ browser: { driver: 'http' } });
const outcome = await runtime.run({
  language: 'javascript',
  code: `const { browser } = sandglass;
    const { links } = await browser.extract({ url: site, selectors: { links: 'li a[href]' } });
    const years = [];
    for (const url of links) {
      const { title } = await browser.navigate(url);
      const { days, rain } = await browser.extract({ selectors: { days: '.day', rain: '.rain' } });
      const most = rain.map(Number).indexOf(Math.max(...rain.map(Number)));
      years.push([title, days.length, days[most], rain[most]]);
    }
    years`,
  inputs: { site: `${origin}/` },
  grant: { browser: { origins: [origin], actions: ['navigate', 'extract'] } },
});
site.close();
if (!outcome.ok) throw outcome.error;
for (const [title, count, day, rain] of outcome.value as string[][])
  console.log(`${title}: ${count} days, the wettest ${day} with ${rain} mm`);
console.log(`pages: ${outcome.usage.hostCalls['browser.navigate']}`);
