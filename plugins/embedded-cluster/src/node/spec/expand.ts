/**
 * Replaces `$(NAME)` by the variable's value; `$$` stands for `$`, and a name that is not known stays as it is
 * (Kubernetes: "Use Dependent Environment Variables").
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? match),
  );
}
