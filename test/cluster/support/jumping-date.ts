/** Replaces `Date` by one that can be moved. @returns what moves it, in milliseconds, back when they are negative. */
export function jumpingDate(offsetMs: number): (ms: number) => void {
  const Real = Date;
  let offset = offsetMs;
  globalThis.Date = new Proxy(Real, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [Real.now() + offset] : args, newTarget) as object,
    get: (target, name, receiver) =>
      name === 'now' ? () => Real.now() + offset : (Reflect.get(target, name, receiver) as unknown),
  });
  return (ms) => {
    offset += ms;
  };
}
