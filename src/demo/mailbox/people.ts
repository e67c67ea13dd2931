// The invented people of the demo mailbox. All domains are reserved for examples (RFC 2606).
import type { Person } from './compose.ts';

const person = (name: string, email: string): Person => ({ name, email });

/** Whose mailbox it is. */
export const ada = person('Ada Winter', 'ada@demo.example');

export const tomas = person('Tomás Ferreira', 'tomas@contour-house.example');
export const mei = person('Mei Okafor', 'mei@contour-house.example');
export const ingrid = person('Ingrid Solberg', 'ingrid@contour-house.example');
export const priya = person('Priya Raman', 'priya@northshore-trust.example');
export const jonas = person('Jonas Weiß', 'jonas.weiss@wanderfreunde.example');
export const lucia = person('Lucía Prado', 'lucia@wanderfreunde.example');
export const mother = person('Mum', 'helen.winter@family.example');
export const brother = person('Sam Winter', 'sam@family.example');
export const landlord = person('Okonjo, Daniel', 'daniel@okonjo-homes.example');
export const library = person('Elm Street Library', 'events@elmstreet-library.example');
export const nadia = person('Nadia Haddad', 'nadia@elmstreet-library.example');
export const accounts = person('Contour House Accounts', 'accounts@contour-house.example');
export const dmitri = person('Дмитрий Орлов', 'd.orlov@polar-charts.example');
export const kenji = person('森 健司', 'mori@kaizu.example');
export const haruka = person('高橋はるか', 'haruka@kaizu.example');
export const lihua = person('陈丽华', 'chen.lihua@atlas-press.example');
export const noa = person('נועה לוי', 'noa@galil-maps.example');
export const karim = person('كريم منصور', 'karim@dune-survey.example');
export const francois = person('François Lévêque', 'francois@cartes-anciennes.example');

// The tide-tools mailing list.
export const tideList = person('tide-tools', 'tide-tools@lists.openwater.example');
export const bea = person('Beatriz Lund', 'bea@openwater.example');
export const otto = person('Otto Brandt', 'otto@harbourmaster.example');
export const yusuf = person('Yusuf Demir', 'yusuf@buoy.example');
