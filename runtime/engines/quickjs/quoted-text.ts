/** A text that travels as JSON, because half of a surrogate pair may be in it. */
export function unquoted(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    return ''; // only a prelude that is not ours sends no JSON
  }
}
