// One request, one answer: shared by the thread and by the fall-back without one.
import { parseMessage, savePart } from './parse.ts';
import type { Work } from './protocol.ts';
import type { ParsedMessage } from './types.ts';

export function work(request: Work): Promise<ParsedMessage | number> {
  return request.t === 'parse' ? parseMessage(request.path) : savePart(request.path, request.n, request.to);
}
