// Fuzzy matching for the palette, the folder picker and help: letters in order, whole words and starts first. Pure.

/** Higher is better; null: does not match. An empty query matches everything equally. */
export function fuzzyScore(query: string, text: string): number | null {
  const wanted = fold(query).trim();
  const have = fold(text);
  if (wanted === '') return 0;
  if (have === wanted) return 1000;
  if (have.startsWith(wanted)) return 900 - have.length / 100;
  const at = have.indexOf(wanted);
  if (at > 0) return (isBoundary(have, at) ? 800 : 600) - at / 10 - have.length / 100;
  const words = wanted.split(/\s+/);
  if (words.length > 1 && words.every(word => have.includes(word))) return 500 - have.length / 100;
  return subsequence(wanted.replace(/\s+/g, ''), have);
}

function subsequence(wanted: string, have: string): number | null {
  // One or two letters scattered over a title are chance, not meaning.
  if (wanted.length < 3) return null;
  let score = 300;
  let position = -1;
  for (const letter of wanted) {
    const next = have.indexOf(letter, position + 1);
    if (next < 0) return null;
    const gap = next - position - 1;
    score -= isBoundary(have, next) ? 1 : Math.min(20, gap * 4);
    position = next;
  }
  return score > 200 ? score : null;
}

function isBoundary(text: string, at: number): boolean {
  return at === 0 || /[\s/._-]/.test(text[at - 1] ?? ' ');
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
