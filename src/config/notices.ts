// What the configuration says about notices of new mail: its shape, and the settings made of it. Rings nothing.
import { about, boolean, list, map, number, object, optional, type Read, text, words } from './shape.ts';
import type { NoticeSettings } from './types.ts';

const EVERY_SECONDS = 30;

/** Minutes after midnight. */
const timeOfDay = () =>
  text<number>({
    expects: 'a time of day, as "22:30"',
    schema: { pattern: '^([01]?[0-9]|2[0-3]):[0-5][0-9]$' },
    parse(value) {
      const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(value) ?? [];
      return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
    },
  });

const argument = (expects: string) =>
  text({
    expects,
    schema: { minLength: 1 },
    parse: value => (value !== '' && !value.includes('\0') ? value : undefined),
  });

/** `account`, or `account/folder`: an account's name holds no slash. */
const PLACE = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}(\/[^\0\r\n]+)?$/;

export const noticesShape = object({
  by: optional(
    about(
      list(words('bell', 'osc9', 'osc777')),
      "The terminal's bell, or its own notices by OSC 9 or OSC 777; [] for none. Default: bell",
      'how',
      'with',
    ),
  ),
  command: optional(
    about(
      list(argument('a word of the command'), { min: 1 }),
      'Run as it is, without a shell; reads the facts as JSON on its standard input and ends within ten seconds',
      'cmd',
      'hook',
      'program',
    ),
  ),
  everySeconds: optional(
    about(
      number(1, 86_400),
      'At most one notice in this time; the first comes at once. Default: 30',
      'every',
    ),
  ),
  quiet: optional(
    about(
      object({
        from: about(timeOfDay(), 'When they begin'),
        to: about(timeOfDay(), 'When they end, the next day if that is earlier'),
      }),
      'Hours without notices, in the time of this computer',
      'quietHours',
      'silent',
    ),
  ),
  folders: optional(
    about(
      map(boolean(), {
        keys: PLACE,
        keyExpects: 'the name of an account, or account/folder',
      }),
      'On or off for an account ("work") or a folder and those in it ("work/Lists"). Default: the inboxes',
      'folder',
      'for',
    ),
  ),
});

export type RawNotices = Read<typeof noticesShape>;

/** The settings when none are given, and what is left out. */
export function resolveNotices(raw: RawNotices | undefined): NoticeSettings {
  return {
    by: [...new Set(raw?.by ?? ['bell' as const])],
    command: raw?.command ?? null,
    every: (raw?.everySeconds ?? EVERY_SECONDS) * 1000,
    quiet: raw?.quiet ?? null,
    folders: Object.fromEntries(raw?.folders ?? []),
  };
}
