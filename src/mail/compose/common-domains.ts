// Domains that many people have their mail at: what a mistyped one is compared with. Not a list of good or bad ones.

export const COMMON_DOMAINS: ReadonlySet<string> = new Set(
  (
    'gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it hotmail.com hotmail.co.uk hotmail.fr ' +
    'hotmail.de hotmail.it hotmail.es live.com live.co.uk live.fr live.nl msn.com yahoo.com yahoo.co.uk yahoo.fr yahoo.de ' +
    'yahoo.es yahoo.it yahoo.co.jp yahoo.co.in yahoo.com.br ymail.com rocketmail.com aol.com icloud.com me.com mac.com ' +
    'proton.me protonmail.com protonmail.ch pm.me fastmail.com fastmail.fm hey.com zoho.com gmx.com gmx.de gmx.net gmx.at ' +
    'gmx.ch web.de t-online.de freenet.de posteo.de mailbox.org arcor.de orange.fr free.fr wanadoo.fr laposte.net sfr.fr ' +
    'libero.it virgilio.it tiscali.it alice.it telefonica.net terra.com.br uol.com.br bol.com.br ziggo.nl kpnmail.nl ' +
    'xs4all.nl planet.nl telenet.be skynet.be bluewin.ch wp.pl o2.pl onet.pl interia.pl op.pl seznam.cz centrum.cz ' +
    'telia.com comhem.se online.no mail.ru yandex.ru yandex.com rambler.ru ukr.net qq.com 163.com 126.com sina.com naver.com ' +
    'daum.net hanmail.net comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net ' +
    'btinternet.com virginmedia.com sky.com bigpond.com optusnet.com.au rediffmail.com mail.com email.com tutanota.com ' +
    'tuta.com example.com example.org example.net'
  ).split(' '),
);

/** Endings that are no top-level domain, and the one that the fingers were after. */
const ENDINGS: readonly (readonly [RegExp, string])[] = [
  [/\.(?:con|cmo|ocm|vom|xom|comm|coom|cpm|clm|c0m|ccom|comn|conm)$/, '.com'],
  [/\.(?:ogr|rog|orgg|orh|0rg|oorg)$/, '.org'],
  [/\.(?:nte|ent|nett|ner|bet|neet)$/, '.net'],
  [/\.(?:dee|ded)$/, '.de'],
  [/\.(?:couk|co\.ukk|c\.uk|co\.yk)$/, '.co.uk'],
];

export function mistypedEnding(domain: string): string | undefined {
  for (const [wrong, right] of ENDINGS) if (wrong.test(domain)) return domain.replace(wrong, right);
  return undefined;
}
