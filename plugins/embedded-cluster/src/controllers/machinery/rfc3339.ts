/** metav1.Time: RFC 3339 in UTC, whole seconds. */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** metav1.MicroTime. */
export function rfc3339Micro(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
