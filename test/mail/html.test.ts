import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { htmlToText, safeUrl, stripTags } from '../../src/mail/html.ts';
import { prepareHtml } from '../../src/mail/html-prepare.ts';
import { HTML_BYTES } from '../../src/util/limits.ts';
import { stopwatch } from './cpu-time.ts';

const CASES: readonly (readonly [string, string, string])[] = [
  ['paragraphs', '<p>One</p><p>Two<br>three</p>', 'One\n\nTwo\nthree'],
  ['white space', '<p>One\n   two\t three</p>', 'One two three'],
  ['inline elements', '<p>a<b>b</b><i>c</i> d<span> e</span></p>', 'abc d e'],
  ['blocks do not fuse words', '<div>one</div><div>two</div>three<section>four</section>', 'one\ntwo\nthree\nfour'],
  ['headings', '<h1>Title</h1><p>Text</p><h2>Sub</h2>text', 'Title\n\nText\n\nSub\n\ntext'],
  ['lists', '<ul><li>one<li>two<ul><li>deep</ul></ul><ol start=3><li>x<li>y</ol>', ' * one\n * two\n   * deep\n 3. x\n 4. y'],
  ['quotes', '<p>hi</p><blockquote>one<blockquote>two</blockquote></blockquote>', 'hi\n\n> one\n>\n> > two'],
  ['preformatted', '<pre>a\n  b</pre>', 'a\n  b'],
  ['entities', '<p>&lt;b&gt; &amp; &eacute;&#8364;&nbsp;x</p>', '<b> & é€ x'],
  ['a stray bracket', 'a < b and <3', 'a < b and <3'],
  ['styles, scripts, titles, comments', '<title>t</title><style>p{}</style><script>x<p>y</script><!-- c --><p>z</p>', 'z'],
  ['conditional comments', '<!--[if mso]><p>outlook</p><![endif]--><![if !mso]><p>others</p><![endif]>', 'others'],
  ['links', '<a href="https://x.org/a">One</a> <a href=\'https://x.org/b\'>Two</a>', 'One [1] Two [2]'],
  ['an address twice', '<a href="https://x.org/">A</a> <a href="https://x.org/">B</a>', 'A [1] B [1]'],
  ['anchors and scripts are no links', '<a href="#x">A</a> <a href="javascript:x">B</a> <a name=x>C</a> <a href="file:///x">D</a>', 'A B C D'],
  ['a picture in a link', '<a href="https://x.org/"><img src=x alt="Our shop"></a>', '[Our shop] [1]'],
  ['a link without text', 'a<a href="https://x.org/"><img src=x></a>b', 'ab'],
  ['alt texts', '<img src=a alt="A cat"><img src=b alt="logo.png"><img src=c alt="spacer"><img src=d>', '[A cat]'],
  ['hidden text', '<div style="display:none">preheader</div><p>shown</p>', 'shown'],
  ['hidden with spaces and capitals', '<span style="DISPLAY : none !important">x</span>shown', 'shown'],
  ['invisible', '<p style="visibility:hidden">x</p><p style="opacity:0">x</p><p style="mso-hide:all">x</p>y', 'y'],
  ['half transparent', '<p style="opacity:0.5">x</p>', 'x'],
  ['tiny text', '<p style="font-size:0">x</p><p style="font-size:1px">y</p>z', 'z'],
  ['tiny around visible', '<div style="font-size:0px"> <p style="font-size:16px">x</p></div>', 'x'],
  ['clipped', '<div style="max-height:0;overflow:hidden">x</div>y', 'y'],
  ['the hidden attribute', '<p hidden>x</p>y', 'y'],
  ['a hidden class', '<style>@media x{.b{display:none}} .a, p.c {display:none}</style><p class="z a">x</p><p class=b>y</p>', 'y'],
  ['hidden ends with its parent', '<div><span style="display:none">x</div>y', 'y'],
  ['nested hidden', '<div style="display:none"><div>x</div><p>y</p></div>z', 'z'],
  ['layout tables', '<table><tr><td>A long first cell with plenty of text in it</td><td>Another long cell, which is the second</td></tr></table>', 'A long first cell with plenty of text in it\nAnother long cell, which is the second'],
  ['rows of short cells', '<table><tr><td>Total:</td><td>20 EUR</td></tr><tr><td>VAT:</td><td>3 EUR</td></tr></table>', 'Total:  20 EUR\nVAT:  3 EUR'],
  ['nested layout', '<table><tr><td><table><tr><td>in</td></tr></table></td><td>out</td></tr></table>', 'in\nout'],
  ['data tables', '<table border=1><tr><th>Name<th>Age</tr><tr><td>Ada<td>36</tr><tr><td>Bo<td>7</table>', 'Name  Age\nAda   36\nBo    7'],
  ['unclosed cells', '<table><tr><td>a<td>b<tr><td>c<td>d</table>e', 'a  b\nc  d\ne'],
  ['form fields', '<form>Name <input value=x> <select><option>a</select><button>Go</button></form>', 'Name Go'],
  ['definition lists', '<dl><dt>A<dd>B</dl>', 'A\nB'],
  ['filler of preheaders', '<div>Hi</div><div>&zwnj;&nbsp;&zwnj;&nbsp;&#847;&shy;</div><div>There</div>', 'Hi\n\nThere'],
  ['an escape in disguise', '<p>a&#27;[31mb</p>', 'a\x1b[31mb'],
  ['nothing', '', ''],
  ['plain text', 'just text', 'just text'],
  ['a tag that never ends', 'a<p class="x', 'a'],
];

for (const [name, html, text] of CASES) {
  test(`HTML: ${name}`, async () => assert.equal((await htmlToText(html)).text, text));
}

test('links are listed once each, with their text and real target; tracking addresses never stand in the text', async () => {
  const tracker = `https://click.example.org/${'x'.repeat(300)}?a=1&amp;b=2`;
  const { text, links } = await htmlToText(
    `<p>See <a href="${tracker}"><b>our</b> offer</a> or <a href="MAILTO:a@x.org">write</a> <a href=" https://x.org/\n y ">z</a></p>`,
  );
  assert.equal(text, 'See our offer [1] or write [2] z [3]');
  assert.deepEqual(links, [
    { text: 'our offer', url: tracker.replace('&amp;', '&') },
    { text: 'write', url: 'MAILTO:a@x.org' },
    { text: 'z', url: 'https://x.org/y' },
  ]);
});

test('only http, https and mailto are links, whatever they are dressed as', () => {
  for (const bad of ['javascript:alert(1)', 'java\nscript:x', ' data:text/html,x', 'file:///etc/passwd', '#top', '/x', 'https://', '', 'vbscript:x', 'mailto:?attach=x']) {
    assert.equal(safeUrl(bad), null, bad);
  }
  assert.equal(safeUrl('ht\ttps://x.org/\u202e'), 'https://x.org/');
});

test('remote pictures are counted, pixels and hidden ones too, and nothing of them is shown', async () => {
  const html =
    '<img src="https://t.org/o.gif" width=1 height=1 alt="tracked"><img src="//cdn.org/a.png" alt="Cat"><div style="display:none"><img src="http://x.org/b"></div>' +
    '<img src="cid:1" alt="inline one"><img src="data:image/png;base64,AA=="><img style="width:1px" src="https://t.org/2" alt="p">';
  const { text, remoteImages } = await htmlToText(html);
  assert.equal(remoteImages, 4);
  assert.equal(text, '[Cat][inline one]');
});

test('too deep nesting loses its structure, not its text', async () => {
  for (const tag of ['div', 'blockquote', 'b', 'table><tr><td', 'ul><li', 'a href="https://x.org"']) {
    const close = tag.split('>').reverse().map(part => `</${part.split(' ')[0]}>`).join('');
    for (const html of [`<${tag}>`.repeat(20_000) + 'deep' + close.repeat(20_000), `<${tag}>`.repeat(20_000) + 'deep']) {
      const started = stopwatch();
      const { text } = await htmlToText(html);
      assert.match(text, /deep/);
      assert.ok(started() < 6000, tag);
    }
  }
});

test('too much is cut with a note', async () => {
  const { notes, text } = await htmlToText('<p>word</p>'.repeat(HTML_BYTES / 10));
  assert.deepEqual(notes, ['html-cut']);
  assert.ok(text.length > 1000);
});

test('hostile markup ends quickly', async () => {
  const started = stopwatch();
  for (const piece of ['<', '<a', '<a b="', '<!--', '<style>', '</p>', '<p', '<td>', '<b></i>', '&', '&#', '<a href="', '"', '<p style="font-size:', '<![', '<table>', '<img alt="', '<span><p></div>']) {
    await htmlToText(piece.repeat(10_000));
  }
  assert.ok(started() < 15_000);
});

test('any markup gives text, links within it, and no tags', async () => {
  const piece = fc.oneof(
    fc.constantFrom('<p>', '</p>', '<div style="display:none">', '</div>', '<table>', '<tr>', '<td>', '</table>', '<a href="https://x.org">', '</a>', '<ul><li>', '<br>', 'word ', '<b>', '&amp;', '<blockquote>', '</blockquote>', '<pre>', '<th>'),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async pieces => {
      const { text, links, notes } = await htmlToText(pieces.join(''));
      assert.ok(!notes.includes('html-plain'));
      for (const [, n] of text.matchAll(/\[(\d+)\]$/gm)) assert.ok(Number(n) >= 0);
      for (const link of links) assert.match(link.url, /^https?:|^mailto:/);
    }),
    { numRuns: 150 },
  );
});

test('what html-to-text refuses is stripped of its tags', () => {
  assert.equal(stripTags('<p>a &amp; b<br>c&#x20ac;&lt;</p><b>d</b>').trim(), 'a & b\nc€<\nd');
});

test('half a megabyte of newsletter takes a moment', async () => {
  const row =
    '<tr><td style="padding:0 10px;font-family:Arial"><a href="https://click.example.org/ls/click?upn=abc" style="color:#333"><b>Item</b> number</a><p style="margin:0">Some descriptive text that goes on for a while &amp; ends.</p></td><td><img src="https://x.org/i.png" width="100" alt="A picture of it"></td></tr>';
  const html = `<html><head><style>.x{color:red}</style></head><body><table>${row.repeat(500_000 / row.length)}</table></body></html>`;
  await htmlToText('<p>warm</p>');
  const started = stopwatch();
  prepareHtml(html);
  const prepared = started();
  const { text } = await htmlToText(html);
  const took = started() - prepared;
  assert.match(text, /Item number \[1\]/);
  if (process.env.TMAIL_MEASURE) process.stderr.write(`${Math.round(prepared)} + ${Math.round(took)} ms "html"\n`);
  assert.ok(took < 3000, `${took} ms`);
});
