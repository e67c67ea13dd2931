// Undoes format=flowed (RFC 3676) where such a text stands beside others and one flag can't speak for all.

/** Joins soft line breaks of one quote depth and takes the stuffing away; quoted lines begin with `> `. */
export function unflow(text: string, delSp: boolean): string {
  const out: string[] = [];
  let pieces: string[] = [];
  let depth = 0;
  const flush = () => {
    if (pieces.length === 0) return;
    const line = pieces.join('');
    out.push(depth > 0 ? `${'>'.repeat(depth)} ${line}` : line);
    pieces = [];
  };
  for (const line of text.split('\n')) {
    let marks = 0;
    while (line.charCodeAt(marks) === 62) marks++;
    const body = line.slice(line.charCodeAt(marks) === 32 ? marks + 1 : marks);
    const delimiter = body === '-- ';
    if (marks !== depth || delimiter) flush();
    depth = marks;
    const soft = body.endsWith(' ') && !delimiter;
    pieces.push(soft && delSp ? body.slice(0, -1) : body);
    if (!soft) flush();
  }
  flush();
  return out.join('\n');
}
