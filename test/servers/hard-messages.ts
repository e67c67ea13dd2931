// Legal but awkward messages on which servers differ first: nesting, folding, groups, comments, empty parts.
const crlf = (text: string) => text.replaceAll('\n', '\r\n');

export const HARD_MESSAGES: readonly string[] = [
  // Groups, comments, quoted locals, a source without a name, folded headers, several References.
  crlf(`From: "Quoted \\"Name\\", Dr." <a.b@x.example>
Sender: bob@b.example (Bob Builder)
Reply-To: list@l.example
To: Friends: ann@a.example, "Ben B." <ben@b.example>;, solo@s.example
Cc: =?iso-8859-1?q?J=FCrgen_M=FCller?= <j@m.example>,
 second@c.example
Subject: folded
 over two lines
In-Reply-To: <one@x.example>
References: <zero@x.example>
 <one@x.example>
Date: Tue, 02 Jan 2024 09:10:11 +0000
Message-ID: <two@x.example>

plain body
`),
  // alternative inside mixed, an attachment with a name, a nested message with its own multipart.
  crlf(`From: a@x.example
To: b@x.example
Subject: nested
Date: Tue, 02 Jan 2024 09:10:11 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer b"

preamble that nobody reads
--outer b
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: 8bit

gr\u00fc\u00dfe
--inner
Content-Type: text/html; charset=utf-8

<p>hi</p>

--inner--

--outer b
Content-Type: message/rfc822
Content-Disposition: attachment; filename="fwd.eml"

From: inner@x.example
To: c@x.example
Subject: inside
Date: Mon, 01 Jan 2024 09:10:11 +0000
Content-Type: multipart/mixed; boundary=deep

--deep

no header at all
--deep
Content-Type: application/octet-stream; name="data.bin"
Content-Transfer-Encoding: base64
Content-ID: <cid1@x.example>
Content-Description: some bytes

AAECAwQ=
--deep--

--outer b
Content-Type: image/png
Content-Disposition: inline; filename="a b.png"
Content-Language: en, de
Content-Location: http://x.example/a.png
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==

x
--outer b--
epilogue
`),
  // No body, no MIME, no addresses.
  crlf('Subject: bare\n\n'),
  // Text that is not UTF-8, and a header with raw 8-bit.
  crlf(
    'From: x@x.example\nSubject: plain\nContent-Type: text/plain; charset=koi8-r\nContent-Transfer-Encoding: 8bit\n\nline\n',
  ),
  // A multipart/digest: its parts are messages by default.
  crlf(`From: list@l.example
Subject: digest
MIME-Version: 1.0
Content-Type: multipart/digest; boundary=d

--d

From: one@x.example
Subject: first

text one
--d

From: two@x.example
Subject: second

text two
--d--
`),
];
