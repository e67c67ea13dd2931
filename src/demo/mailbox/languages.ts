// Mail in many scripts and charsets, as it comes from programs of many ages.
import type { Charset } from './charsets.ts';
import type { Person } from './compose.ts';
import { ada, dmitri, francois, haruka, jonas, karim, kenji, lihua, noa } from './people.ts';
import { type Clock, FOLDERS, type Placed, single } from './placed.ts';

interface Letter {
  readonly id: string;
  readonly from: Person;
  readonly ago: number;
  readonly charset: Charset;
  readonly subject: string;
  readonly text: string;
  readonly folder?: string;
}

const LETTERS: readonly Letter[] = [
  {
    id: 'fr.1',
    from: francois,
    ago: 78,
    charset: 'windows-1252',
    subject: 'Une carte de 1742 – où est le nord ?',
    text: 'Chère Ada,\n\nj’ai trouvé au marché une carte de la côte, datée de 1742. Le nord y est à droite, « comme il se doit » d’après la légende. Le vendeur en voulait 40 €, j’en ai donné 25 et un café.\n\nÀ bientôt,\nFrançois\n',
  },
  {
    id: 'de.1',
    from: jonas,
    ago: 250,
    charset: 'iso-8859-1',
    subject: 'Fähre nach Übersee: Fahrplan für Größe & Gewicht',
    folder: FOLDERS.travel,
    text: 'Hallo Ada,\n\ndie Fähre fährt nur donnerstags. Fahrräder kosten 7,50, Zelte nichts, Hunde nach Größe.\n\nSchöne Grüße\nJonas\n',
  },
  {
    id: 'ru.1',
    from: dmitri,
    ago: 101,
    charset: 'koi8-r',
    subject: 'Карта ледовой обстановки',
    text: 'Здравствуйте, Ада!\n\nПосылаю описание новой карты льдов. Масштаб 1:500000, обновление раз в неделю. Если нужны данные за прошлый год, напишите, пожалуйста.\n\nС уважением,\nДмитрий Орлов\n',
  },
  {
    id: 'ja.1',
    from: kenji,
    ago: 55,
    charset: 'iso-2022-jp',
    subject: '潮汐表の印刷について',
    text: 'ウィンター様\n\nお世話になっております。来年の潮汐表の校正をお送りします。\n三月の満潮の時刻をご確認ください。\n\n森 健司\n',
  },
  {
    id: 'ja.2',
    from: haruka,
    ago: 31,
    charset: 'shift_jis',
    subject: '灯台の写真',
    text: 'アダさん、こんにちは。\n\n先週、岬の灯台に行きました。写真は来週送ります。\n風がとても強かったです！\n\n高橋はるか\n',
  },
  {
    id: 'zh.1',
    from: lihua,
    ago: 37,
    charset: 'gb18030',
    subject: '地图集的封面',
    text: '温特女士：\n\n您好！新版地图集的封面已经完成，蓝色比上一版更深。请在星期五以前告诉我们您的意见。\n\n陈丽华\n',
  },
  {
    id: 'he.1',
    from: noa,
    ago: 44,
    charset: 'utf-8',
    subject: 'מפת השבילים של הגליל (Galil trails 2.1)',
    text: 'שלום עדה,\n\nגרסה 2.1 של מפת השבילים מוכנה. הקובץ נמצא בכתובת https://galil-maps.example/v2.1 ויש בו 48 שבילים.\n\nתודה,\nנועה\n',
  },
  {
    id: 'ar.1',
    from: karim,
    ago: 24,
    charset: 'utf-8',
    subject: 'نتائج مسح الكثبان 2024',
    text: 'مرحباً آدا،\n\nانتهينا من مسح الكثبان هذا الأسبوع. ارتفاع أعلى كثيب 112 متراً (خط العرض 24.5).\n\nمع التحية،\nكريم\n',
  },
  {
    id: 'emoji.1',
    from: { name: 'Zoë 🦊 Lindqvist', email: 'zoe@fox-and-fern.example' },
    ago: 6.8,
    charset: 'utf-8',
    subject: '🎉 We moved! 🏡➡️🏕️ (and 👩‍👩‍👧‍👦 says hi 👋🏽)',
    text: 'Dear all 💌\n\nnew place: 12 Fern Hill, second gate, mind the 🐓.\nFlags for the house number: 🇸🇪🇯🇵\nTemperature in the kitchen: 14 °C 🥶 (e\u0301 and é should look the same.)\n\nZoë 🦊\n',
  },
];

export function languages(clock: Clock): Placed[] {
  const received = LETTERS.map(({ id, from, ago, charset, subject, text, folder }) =>
    single(
      clock,
      { id: `world-${id}`, from, ago, subject, ...(folder ? { folder } : {}) },
      { charset, text },
    ),
  );
  const postcard = single(
    clock,
    {
      id: 'world-trip',
      from: ada,
      ago: 246,
      subject: 'Re: Fähre nach Übersee: Fahrplan für Größe & Gewicht',
      folder: FOLDERS.sent,
      flags: ['\\Seen'],
    },
    {
      to: [jonas],
      text: 'Lieber Jonas,\n\ndann donnerstags. Ich bringe das kleine Zelt und keinen Hund.\n\nAda\n',
      references: ['<world-de.1@wanderfreunde.example>'],
    },
  );
  return [...received, postcard];
}
