// Attachments of the demo mailbox, made when they are asked for: a PDF, pictures, text.
import { deflateSync } from 'node:zlib';

/** One page with a few lines of text. */
export function pdf(lines: readonly string[]): Buffer {
  const text = lines
    .map((line, n) => `${n === 0 ? '' : '0 -18 Td '}(${line.replace(/[()\\]/g, '\\$&')}) Tj`)
    .join(' ');
  const stream = `BT /F1 12 Tf 72 760 Td ${text} ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, n) => {
    const offset = file.length;
    file += `${n + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  file += `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}

/** A picture of hills in contour lines; `size` pixels square. */
export function contourPng(size: number): Buffer {
  return png(size, size, (x, y) => {
    const height = Math.sin(x / 17) + Math.cos(y / 23) + Math.sin((x + y) / 31);
    const line = Math.abs((height * 4) % 1) < 0.12;
    return line ? 0x785a3c : 0x98b8a8 + Math.round(height * 8 + 16) * 0x010100;
  });
}

/** A picture that does not compress, as photographs don't: about `3 * size * size` bytes. */
export function photoPng(size: number): Buffer {
  // Every row is cut from the same noise at another place: a million random numbers would take 50 ms.
  const noise = Buffer.alloc(size * 8);
  let seed = 42;
  for (let at = 0; at < noise.length; at++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    noise[at] = seed >> 16;
  }
  const row = 1 + size * 3;
  const raw = Buffer.alloc(row * size);
  for (let y = 0; y < size; y++)
    noise.copy(raw, y * row + 1, (y * 37) % (size * 5), ((y * 37) % (size * 5)) + size * 3);
  return pngFile(size, size, deflateSync(raw, { level: 0 }));
}

function png(width: number, height: number, pixel: (x: number, y: number) => number): Buffer {
  const row = 1 + width * 3;
  const raw = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      raw.writeUIntBE(pixel(x, y), y * row + 1 + x * 3, 3);
    }
  }
  return pngFile(width, height, deflateSync(raw));
}

function pngFile(width: number, height: number, data: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8); // eight bits a channel, RGB
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

/** The table of CRC-32; node:zlib has the function only from 20.15 on. */
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at++) crc = (CRC[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
