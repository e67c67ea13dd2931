// The small checks that every file's shape is made of. Pure.

export const object = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const text = (value: unknown): value is string => typeof value === 'string';
export const flag = (value: unknown): value is boolean => typeof value === 'boolean';
export const count = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
export const finite = (value: unknown): value is number => Number.isFinite(value);
export const list = <T>(value: unknown, each: (item: unknown) => item is T): value is T[] =>
  Array.isArray(value) && value.every(each);
