/** A time of the API in the published layout, always UTC; empty when unset. */
export function formatTime(time: string | null | undefined): string {
  if (time === null || time === undefined || Number.isNaN(Date.parse(time))) return '';
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}

/** How long ago, in the two largest units: "3d4h", "2m10s". */
export function formatAge(time: string | null | undefined, now: number): string {
  if (time === null || time === undefined || Number.isNaN(Date.parse(time))) return '';
  let seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1000));
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count > 0) parts.push(`${String(count)}${unit}`);
  }
  return parts.slice(0, 2).join('') || '0s';
}
