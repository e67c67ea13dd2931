// Text → bytes in old charsets, for demo mail as it really arrives. Node only decodes these; the tables here are
// its decoder turned round. Knows the charsets that the demo uses, no others.

export type Charset =
  | 'us-ascii'
  | 'utf-8'
  | 'iso-8859-1'
  | 'windows-1252'
  | 'koi8-r'
  | 'shift_jis'
  | 'gb18030'
  | 'iso-2022-jp';

/** @throws RangeError for a character that the charset lacks. */
export function encode(text: string, charset: Charset): Buffer {
  switch (charset) {
    case 'us-ascii':
    case 'utf-8':
      return Buffer.from(text, 'utf8');
    case 'iso-8859-1':
      return Buffer.from(text, 'latin1');
    case 'windows-1252':
    case 'koi8-r':
      return byTable(text, tableOf(charset, singleBytes));
    case 'shift_jis':
    case 'gb18030':
      return byTable(text, tableOf(charset, doubleBytes));
    case 'iso-2022-jp':
      return iso2022(text);
  }
}

/** Each table is made once, when it is first needed: 5 ms. */
const tables = new Map<string, Table>();

function tableOf(charset: string, make: (charset: string) => Table): Table {
  const table = tables.get(charset) ?? make(charset);
  tables.set(charset, table);
  return table;
}

/** A character → its byte, or its two bytes as one number. */
type Table = ReadonlyMap<string, number>;

function byTable(text: string, table: Table): Buffer {
  const bytes: number[] = [];
  for (const char of text) {
    const found = char < '\x80' ? char.charCodeAt(0) : table.get(char);
    if (found === undefined) throw new RangeError(char);
    if (found > 0xff) bytes.push(found >> 8);
    bytes.push(found & 0xff);
  }
  return Buffer.from(bytes);
}

function singleBytes(charset: string): Table {
  const table = new Map<string, number>();
  const decoder = new TextDecoder(charset);
  // Streaming, because Node 20 takes windows-1252 for Latin-1 otherwise.
  for (let byte = 0x80; byte <= 0xff; byte++) {
    table.set(decoder.decode(Uint8Array.of(byte), { stream: true }), byte);
  }
  return table;
}

/** Lead and trail bytes of the plain kanji, kana and hanzi. */
const RANGES: Readonly<Record<string, readonly [number, number, number]>> = {
  shift_jis: [0x81, 0xea, 0x40],
  gb18030: [0xa1, 0xf7, 0xa1],
  'euc-jp': [0xa1, 0xf4, 0xa1],
};

/** All pairs are decoded in one go, a line feed between them. */
function doubleBytes(charset: string): Table {
  const [first, last, low] = RANGES[charset] ?? [0, 0, 0];
  const width = 0xff - low;
  const bytes = Buffer.alloc((last - first + 1) * width * 3, '\n');
  for (let lead = first, at = 0; lead <= last; lead++) {
    for (let trail = low; trail < 0xff; trail++, at += 3) {
      bytes[at] = lead;
      bytes[at + 1] = trail;
    }
  }
  const text = new TextDecoder(charset).decode(bytes);
  const table = new Map<string, number>();
  for (let at = 0, n = 0; at < text.length; n++) {
    const end = text.indexOf('\n', at);
    const char = text[at] ?? '';
    // Pairs that stand for nothing, or for two characters, are no use.
    if (end === at + 1 && char !== '\ufffd' && !table.has(char)) {
      table.set(char, ((first + Math.floor(n / width)) << 8) + low + (n % width));
    }
    at = end + 1;
  }
  return table;
}

/** JIS X 0208 is EUC-JP without the high bits, between escape sequences (RFC 1468). */
function iso2022(text: string): Buffer {
  const table = tableOf('euc-jp', doubleBytes);
  return Buffer.concat(
    (text.match(/[\x00-\x7f]+|[^\x00-\x7f]+/g) ?? []).map(run => {
      if (run < '\x80') return Buffer.from(run, 'latin1');
      const jis = byTable(run, table).map(byte => byte & 0x7f);
      return Buffer.concat([Buffer.from('\x1b$B'), jis, Buffer.from('\x1b(B')]);
    }),
  );
}
