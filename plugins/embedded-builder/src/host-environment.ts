/** Those of the named variables that this process was started with. */
export function hostEnvironment(names: readonly string[]): Readonly<Record<string, string>> {
  // eslint-disable-next-line no-restricted-properties -- proxies and mirrors are known by the machine alone, and the operator names what is taken
  const { env } = process;
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
