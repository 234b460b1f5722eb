/* sandglass:tool
{
 "name": "web_search",
 "description": "Searches the web by engines that the embedder has configured",
 "version": "1.0.0",
 "category": "web",
 "keywords": [
  "search",
  "engine",
  "internet",
  "find",
  "pages"
 ],
 "input": {
  "type": "object",
  "properties": {
   "query": {
    "type": "string",
    "description": "What is looked for",
    "minLength": 1,
    "maxLength": 1000
   },
   "engine": {
    "type": "string",
    "description": "Name of one engine, or all, whose results are merged; without it the first",
    "maxLength": 64
   },
   "safeSearch": {
    "type": "boolean",
    "description": "Leaves out what is not for everybody, as far as the engine can",
    "default": true
   },
   "maxResults": {
    "type": "integer",
    "description": "Most results",
    "minimum": 1,
    "maximum": 50,
    "default": 10
   }
  },
  "required": [
   "query"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "env",
  "http"
 ],
 "settings": {
  "SEARCH_ENGINES": "the engines as JSON, such as {\"mine\": {\"url\": \"https://HOST/search?q={query}&format=json&safesearch={safeSearch}\"}}, each with a grant of http for its origin"
 },
 "limits": {
  "timeoutMs": 30000
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "query": "sandbox"
   },
   "output": {
    "query": "sandbox",
    "engines": [
     "local"
    ],
    "results": [
     {
      "title": "A sandbox",
      "url": "https://example.com/a",
      "text": "What it is",
      "engine": "local"
     }
    ],
    "failed": []
   }
  }
 ]
}
*/
/** What an engine that speaks SearXNG's JSON has where; others say it of themselves. */
const DEFAULTS = {
  results: 'results',
  title: 'title',
  link: 'url',
  text: 'content',
  safeSearch: { on: '1', off: '0' },
};

const FIELDS = new Set(['url', 'results', 'title', 'link', 'text', 'safeSearch']);

export async function run({ query, engine, safeSearch, maxResults }) {
  const engines = configured();
  const names = Object.keys(engines);
  if (engine !== undefined && engine !== 'all' && !names.includes(engine))
    throw new Error(
      `Cannot search: there is no engine ${JSON.stringify(engine)}; there are: ${names.join(', ')}, and all`,
    );
  const asked = engine === 'all' ? names : [engine ?? names[0]];
  const answers = await Promise.allSettled(asked.map((name) => ask(engines[name], query, safeSearch)));
  const failed = answers.flatMap(({ status, reason }, at) =>
    status === 'rejected' ? [{ engine: asked[at], reason: String(reason?.message ?? reason) }] : [],
  );
  // One that is denied, or fails alone, is the failure of the call.
  if (failed.length === asked.length) throw answers[0].reason;
  const lists = answers.map(({ value = [] }) => value);
  return { query, engines: asked, results: merged(lists, asked).slice(0, maxResults), failed };
}

/** `SEARCH_ENGINES` of the granted environment: name → { url, results, title, link, text, safeSearch }. */
function configured() {
  const given = process.env.SEARCH_ENGINES;
  if (given === undefined)
    throw new Error(
      'Cannot search: no engine is configured; grant env SEARCH_ENGINES, e.g. {"mine": {"url": "https://HOST/search?q={query}&format=json&safesearch={safeSearch}"}}, and http for its origin',
    );
  let engines;
  try {
    engines = JSON.parse(given);
  } catch (error) {
    throw new Error(`Cannot search: SEARCH_ENGINES is not JSON: ${error.message}`);
  }
  const entries = Object.entries(engines ?? {});
  if (entries.length === 0) throw new Error('Cannot search: SEARCH_ENGINES names no engine');
  return Object.fromEntries(
    entries.map(([name, shape]) => {
      if (typeof shape?.url !== 'string' || !shape.url.includes('{query}'))
        throw new Error(`Cannot search: the engine ${JSON.stringify(name)} has no url with {query}`);
      const unknown = Object.keys(shape).find((field) => !FIELDS.has(field));
      if (unknown !== undefined)
        throw new Error(
          `Cannot search: the engine ${JSON.stringify(name)} has an unknown field ${JSON.stringify(unknown)}; known are ${[...FIELDS].join(', ')}`,
        );
      return [name, { ...DEFAULTS, ...shape }];
    }),
  );
}

async function ask({ url, safeSearch: words, ...shape }, query, safeSearch) {
  const full = url
    .replaceAll('{query}', encodeURIComponent(query))
    .replaceAll('{safeSearch}', encodeURIComponent(safeSearch ? words.on : words.off));
  const response = await fetch(full, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`Cannot search: the engine answered ${response.status}`);
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Error(
      'Cannot search: the engine did not answer JSON; SearXNG does so only where its settings list the format json',
    );
  }
  const list = part(answer, shape.results);
  if (!Array.isArray(list))
    throw new Error(`Cannot search: the answer has no list ${JSON.stringify(shape.results)}`);
  return list.flatMap((one) => {
    const link = plain(part(one, shape.link));
    return /^https?:/i.test(link) && URL.canParse(link)
      ? [{ title: plain(part(one, shape.title)), url: link, text: plain(part(one, shape.text)) }]
      : [];
  });
}

/** The first of each, then the second of each; what several found is there once. */
function merged(lists, names) {
  const seen = new Set();
  const results = [];
  for (let at = 0; at < Math.max(...lists.map(({ length }) => length)); at += 1)
    for (const [index, list] of lists.entries()) {
      const one = list[at];
      if (one === undefined || seen.has(keyOf(one.url))) continue;
      seen.add(keyOf(one.url));
      results.push({ ...one, engine: names[index] });
    }
  return results;
}

const keyOf = (url) => {
  const { host, pathname, search } = new URL(url);
  return `${host}${pathname.replace(/\/$/, '')}${search}`;
};

/** `web.results` of an answer. */
const part = (value, path) =>
  path
    .split('.')
    .reduce(
      (one, name) =>
        one !== null && typeof one === 'object' && Object.hasOwn(one, name) ? one[name] : undefined,
      value,
    );

const plain = (value) =>
  typeof value === 'string'
    ? value
        .replace(/<[^<>]*>/g, '')
        .trim()
        .slice(0, 2_000)
    : '';
