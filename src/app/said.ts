// An error where nothing stands before its sentence: with a capital letter.
import type { TmailError } from '../util/errors.ts';
import { sentence } from './messages.ts';

export function said(error: TmailError): string {
  const text = sentence(error);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
