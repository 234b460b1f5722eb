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

/** Finds tools by words; the index follows the registry. */
export function createToolIndex(store: ToolStore): ToolIndex {
  let index: MiniSearch<Entry> | undefined;
  let version = -1;
  const current = (): MiniSearch<Entry> => {
    if (index !== undefined && version === store.version) return index;
    index = new MiniSearch<Entry>({
      fields: ['name', 'description', 'words', 'examples'],
      tokenize: (text) => text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ''),
      searchOptions: {
        boost: { name: 4, words: 2, examples: 0.5 },
        prefix: (word) => word.length > 2,
      },
    });
    index.addAll(store.all().map(entryOf));
    version = store.version;
    return index;
  };
  return {
    search(query, limit, isShown) {
      const found: ToolMatch[] = [];
      for (const { id, score } of matchesOf(current(), query.slice(0, MOST_CHARACTERS))) {
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

/** Words as they are written; only where they find nothing, also those that are spelt alike: that looks at every word there is. */
function matchesOf(index: MiniSearch<Entry>, query: string) {
  const found = index.search(query);
  return found.length > 0 ? found : index.search(query, { fuzzy: (word) => (word.length > 4 ? 0.2 : false) });
}
