// Words by which people say that something is attached, in many languages: for the reminder that nothing is.

/** Each is matched as whole words, without regard to case; a trailing * lets an ending follow. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  en: [
    'attached',
    'attachment',
    'attachments',
    'attaching',
    'i attach',
    'enclosed',
    'enclosing',
    'enclosure',
  ],
  de: [
    'anbei',
    'angehängt*',
    'anhang',
    'anhänge',
    'im anhang',
    'beigefügt*',
    'beiliegend*',
    'in der anlage',
    'als anlage',
    'hänge ich',
    'angehaengt*',
    'beigefuegt*',
  ],
  fr: [
    'ci-joint*',
    'ci joint*',
    'pièce jointe',
    'pièces jointes',
    'piece jointe',
    'pieces jointes',
    'en pj',
    'je joins',
    'vous trouverez joint*',
    'en annexe',
  ],
  es: ['adjunto', 'adjunta', 'adjuntos', 'adjuntas', 'adjuntado*', 'adjuntamos', 'anexo', 'anexos'],
  it: ['allegato', 'allegata', 'allegati', 'allegate', 'in allegato', 'allego', 'alleghiamo'],
  nl: ['bijlage', 'bijlagen', 'bijlages', 'bijgevoegd*', 'bijgesloten', 'bijgaand*', 'aangehecht'],
  pt: ['em anexo', 'anexo', 'anexos', 'anexado*', 'anexada*', 'anexei', 'segue anexo', 'seguem anexos'],
  pl: [
    'załącznik*',
    'w załączeniu',
    'załączam',
    'załączamy',
    'załączon*',
    'w zalaczniku',
    'zalacznik*',
    'zalaczam',
  ],
  sv: ['bifogad*', 'bifogat', 'bifogar', 'bilaga', 'bilagor', 'bilagan', 'bilagorna'],
  da: ['vedhæftet', 'vedhæftede', 'vedhæfter', 'vedhæftning*', 'vedlagt', 'vedlagte', 'vedlægger'],
  nb: ['vedlegg', 'vedlegget', 'vedleggene', 'vedlegger', 'lagt ved', 'vedheftet'],
  fi: ['liitteenä', 'liitteen', 'liitteet', 'liite', 'oheisena', 'liitteessä'],
  cs: ['příloha', 'příloze', 'přílohu', 'přílohou', 'přílohy', 'přiložen*', 'přikládám', 'v priloze'],
  sk: ['príloha', 'prílohe', 'prílohu', 'priložen*', 'prikladám'],
  hu: ['melléklet*', 'mellékelve', 'mellékelten', 'csatolva', 'csatolt', 'csatolom', 'csatolmány*'],
  ro: ['atașat*', 'ataşat*', 'atasat*', 'anexat*', 'atașament*'],
  tr: ['ekte', 'ektedir', 'ekteki', 'ekli', 'eklenti*', 'ilişikte'],
  ru: ['вложени*', 'во вложении', 'прикрепл*', 'прикрепил*', 'прилага*', 'приложен*'],
  uk: ['вкладен*', 'у вкладенні', 'прикріпл*', 'долучен*', 'додаю файл'],
  el: ['συνημμέν*', 'επισυνάπτ*', 'συνημμενα'],
  he: ['מצורף', 'מצורפת', 'מצורפים', 'מצ"ב'],
  ar: ['مرفق', 'المرفق', 'مرفقات', 'المرفقات', 'مرفقا'],
};
/** Languages without spaces between words. */
const GLYPHS = ['添付', '附件', '附檔', '附上', '随信附', '첨부', 'แนบไฟล์', 'ไฟล์แนบ'];

const escaped = (word: string) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ /g, '\\s+');

function makePattern(): RegExp {
  const list = Object.values(WORDS)
    .flat()
    .sort((a, b) => b.length - a.length)
    .map(word => (word.endsWith('*') ? `${escaped(word.slice(0, -1))}[\\p{L}\\p{M}]*` : escaped(word)))
    .join('|');
  return new RegExp(
    `(?<![\\p{L}\\p{M}\\p{N}_])(?:${list})(?![\\p{L}\\p{M}\\p{N}_])|${GLYPHS.join('|')}`,
    'iu',
  );
}

/** A constant that is made when it is first needed: the first frame would wait 5 ms for it. */
let pattern: RegExp | null = null;

/** Characters that are looked at: a mention stands in what a person wrote, not far below. */
const MAX_TEXT = 64 * 1024;

/** The word that says so, as it stands in the text; null without one. The text is the person's own. */
export function attachmentWord(text: string): string | null {
  pattern ??= makePattern();
  return pattern.exec(text.slice(0, MAX_TEXT).normalize('NFC'))?.[0] ?? null;
}
