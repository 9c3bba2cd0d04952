/** Whether a status already says all of `wanted`; a number that is absent is 0, a list empty. */
export function saysAll(status: object | undefined, wanted: object): boolean {
  const present = (status ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([field, value]) => {
    const empty = typeof value === 'number' ? 0 : Array.isArray(value) ? [] : undefined;
    return JSON.stringify(present[field] ?? empty) === JSON.stringify(value);
  });
}
