/** A WIT name as the glue spells it in JavaScript: `read-via-stream` → `readViaStream`. */
export const camelCase = (name: string): string =>
  name
    .split('-')
    .map((word, index) => {
      const lower = word.toLowerCase();
      return index === 0 ? lower : lower.charAt(0).toUpperCase() + lower.slice(1);
    })
    .join('');
