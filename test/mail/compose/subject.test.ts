import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardSubject, replySubject } from '../../../src/mail/compose/subject.ts';
import { stopwatch } from '../cpu-time.ts';

const CASES: readonly (readonly [string, string, string])[] = [
  ['Engine', 'Re: Engine', 'Fwd: Engine'],
  ['', 'Re:', 'Fwd:'],
  ['Re: Engine', 'Re: Engine', 'Fwd: Re: Engine'],
  ['RE: AW: SV: Re[2]: Re^3: VS: Odp: Antw: Engine', 'Re: Engine', 'Fwd: Re: Engine'],
  ['Fwd: Engine', 'Re: Fwd: Engine', 'Fwd: Engine'],
  ['FW: WG: TR: RV: Engine', 'Re: Fwd: Engine', 'Fwd: Engine'],
  ['Re: Fwd: Re: Fwd: Engine', 'Re: Fwd: Engine', 'Fwd: Re: Engine'],
  ['RE : Engine', 'Re: Engine', 'Fwd: Re: Engine'],
  ['回复：Engine', 'Re: Engine', 'Fwd: Re: Engine'],
  ['转发: 答复: Engine', 'Re: Fwd: Engine', 'Fwd: Re: Engine'],
  ['R: Re: I: Fwd: Engine', 'Re: Fwd: Engine', 'Fwd: Re: Engine'],
  ['R: a language', 'Re: R: a language', 'Fwd: R: a language'],
  ['Re: [list] Re: Engine', 'Re: [list] Engine', 'Fwd: Re: [list] Engine'],
  ['[list] Re: [list] Engine', 'Re: [list] Engine', 'Fwd: Re: [list] Engine'],
  ['[list] Engine', 'Re: [list] Engine', 'Fwd: [list] Engine'],
  ['[a] [b] Engine', 'Re: [a] [b] Engine', 'Fwd: [a] [b] Engine'],
  ['Regarding: cards', 'Re: Regarding: cards', 'Fwd: Regarding: cards'],
  ['Ref: 12', 'Re: Ref: 12', 'Fwd: Ref: 12'],
  ['re:engine', 'Re: engine', 'Fwd: Re: engine'],
];

for (const [subject, reply, forward] of CASES) {
  test(`the subject ${JSON.stringify(subject)} gets one prefix`, () => {
    assert.equal(replySubject(subject), reply);
    assert.equal(forwardSubject(subject), forward);
    assert.equal(replySubject(reply), reply);
    assert.equal(forwardSubject(forward), forward);
  });
}

test('a subject of nothing but prefixes ends quickly', () => {
  const started = stopwatch();
  for (const text of ['Re: ', '[a] ', 'Re[', ' ', '[a] Re: ']) replySubject(text.repeat(50_000));
  assert.ok(started() < 1000);
});
