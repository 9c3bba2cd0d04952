import { z } from 'zod';

/** Query parameters of lists. */
export const listQuery = z.object({
  page: z.string().optional().describe('From 1; asks for the paged shape'),
  pageSize: z.string().optional().describe('Asks for the paged shape'),
  search: z.string().optional().describe('A part of the name, in any case'),
});
export type ListQuery = z.output<typeof listQuery>;

/** The published shape of one page. */
export function pagedSchema<S extends z.ZodType>(items: S) {
  return z.object({
    items: z.array(items),
    page: z.number().int(),
    pageSize: z.number().int(),
    totalItems: z.number().int(),
    totalPages: z.number().int(),
  });
}

/** A page, and how the answer describes it. */
export interface Page {
  readonly page: number;
  readonly pageSize: number;
}

export interface Paged<T> extends Page {
  readonly items: T[];
  readonly totalItems: number;
  readonly totalPages: number;
}

/** The page that a query asks for; undefined when it asks for none. What is no number from 1 on is the default. */
export function pageOf({ page = '', pageSize = '' }: ListQuery, defaultSize = 25): Page | undefined {
  if (page === '' && pageSize === '') return undefined;
  return { page: positive(page) ?? 1, pageSize: positive(pageSize) ?? defaultSize };
}

function positive(text: string): number | undefined {
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
  return number > 0 && Number.isSafeInteger(number) ? number : undefined;
}

/** The items of a page; none beyond the last. */
export function slice<T>(items: readonly T[], { page, pageSize }: Page): T[] {
  return items.slice((page - 1) * pageSize, page * pageSize);
}

/** The answer for items that were cut to a page before. A size of 0, as published, is one page. */
export function paged<T>(items: T[], { page, pageSize }: Page, totalItems: number): Paged<T> {
  const totalPages = pageSize > 0 ? Math.max(1, Math.ceil(totalItems / pageSize)) : 1;
  return { items, page, pageSize, totalItems, totalPages };
}

/** The page that is there, when the one that was asked for lies beyond the last. */
export function clamped({ page, pageSize }: Page, totalItems: number): Page {
  return { page: Math.min(page, Math.max(1, Math.ceil(totalItems / pageSize))), pageSize };
}

/** What the search leaves over: those whose name holds the text, in any case. */
export function searched<T>(
  items: readonly T[],
  search: string | undefined,
  name: (item: T) => string,
): readonly T[] {
  if (search === undefined || search === '') return items;
  const text = search.toLowerCase();
  return items.filter((item) => name(item).toLowerCase().includes(text));
}
