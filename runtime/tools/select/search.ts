import MiniSearch from 'minisearch';
import type { ToolMatch } from '../../contracts/api/tool-select.ts';
import type { ToolStore } from '../registry.ts';
import type { Tool } from '../tool.ts';

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly words: string;
  readonly examples: string;
}

export interface ToolIndex {
  search(query: string, limit: number, isShown: (tool: Tool) => boolean): readonly ToolMatch[];
}

/** Characters of a query that are looked at. */
const MOST_CHARACTERS = 1_000;

/** Words of a query that are looked for. Of more the longest are taken, which tell most. */
const MOST_WORDS = 32;
/** Words times tools, as each word may be in every tool: of very many tools fewer words are looked for, but never fewer than `LEAST_WORDS`. */
const MOST_LOOKS = 64_000;
const LEAST_WORDS = 8;

/** Finds tools by words; the index follows the registry. */
export function createToolIndex(store: ToolStore): ToolIndex {
  let index: MiniSearch<Entry> | undefined;
  let version = -1;
  const current = (): MiniSearch<Entry> => {
    if (index !== undefined && version === store.version) return index;
    index = new MiniSearch<Entry>({
      fields: ['name', 'description', 'words', 'examples'],
      tokenize: wordsOf,
      searchOptions: {
        boost: { name: 4, words: 2, examples: 0.5 },
      },
    });
    index.addAll(store.all().map(entryOf));
    version = store.version;
    return index;
  };
  return {
    search(query, limit, isShown) {
      const found: ToolMatch[] = [];
      for (const { id, score } of matchesOf(current(), tellingWords(query, store.size))) {
        const tool = store.find(String(id));
        if (tool === undefined || !isShown(tool)) continue;
        found.push({ name: tool.manifest.name, description: tool.manifest.description, score });
        if (found.length === limit) break;
      }
      return found;
    },
  };
}

const entryOf = ({ manifest }: Tool): Entry => ({
  id: manifest.name,
  name: [manifest.name, ...manifest.aliases].join(' '),
  description: manifest.description,
  words: [...manifest.keywords, ...manifest.tags, manifest.category ?? '', ...manifest.capabilities].join(
    ' ',
  ),
  examples: manifest.examples
    .map(({ description = '', input }) => `${description} ${JSON.stringify(input)}`)
    .join(' '),
});

const wordsOf = (text: string): string[] => text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');

/** Each word once: one that comes again would be looked for again. */
function tellingWords(query: string, tools: number): string {
  const most = Math.min(MOST_WORDS, Math.max(LEAST_WORDS, Math.floor(MOST_LOOKS / Math.max(1, tools))));
  const all = wordsOf(query.slice(0, MOST_CHARACTERS));
  const words = [...new Map(all.map((word) => [word.toLowerCase(), word])).values()];
  const telling = words.length > most ? words.sort((one, other) => other.length - one.length) : words;
  return telling.slice(0, most).join(' ');
}

/** Whether a word also finds those that begin with it. What a shorter one of the query finds this way is not looked for once more. */
const opensOthers = (word: string, _at: number, words: readonly string[]): boolean =>
  word.length > 2 && !words.some((other) => other.length > 2 && other !== word && word.startsWith(other));

/** Words as they are written; only where they find nothing, also those that are spelt alike: that looks at every word there is. */
function matchesOf(index: MiniSearch<Entry>, query: string) {
  const found = index.search(query, { prefix: opensOthers });
  return found.length > 0
    ? found
    : index.search(query, { prefix: opensOthers, fuzzy: (word) => (word.length > 4 ? 0.2 : false) });
}
