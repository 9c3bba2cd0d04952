/** Names that are looked for, best first. Only data: a folder that someone enters must not run code. */
export const SEARCH_PLACES = [
  'epinio.config.yaml',
  'epinio.config.yml',
  'epinio.config.json',
  '.epiniorc',
  'package.json',
] as const;

interface Explorer {
  search(from: string): Promise<{ readonly filepath: string } | null>;
}

/**
 * Finds the config file of a folder: there, or above it up to the folder with the nearest package.json.
 * @returns undefined when there is none. A package.json counts when it has the key "epinio".
 */
export async function findConfigFile(folder: string): Promise<string | undefined> {
  // The library's entry point first looks for settings of its own in the current folder, and runs
  // `.config/config.js` when it is there. The class behind it does not.
  const { Explorer } = (await import('cosmiconfig/dist/Explorer.js')) as unknown as {
    readonly Explorer: new (options: Readonly<Record<string, unknown>>) => Explorer;
  };
  // The file is read again with places of its values; here it only has to be told apart from none. What
  // the library gets is wrapped, so that it follows no `$import` out of it.
  const found = (file: string, text: string): unknown =>
    file.endsWith('package.json') ? packageKey(text) : { file };
  const explorer = new Explorer({
    moduleName: 'epinio',
    searchPlaces: SEARCH_PLACES,
    searchStrategy: 'project',
    ignoreEmptySearchPlaces: false,
    loaders: { '.yaml': found, '.yml': found, '.json': found, noExt: found },
    transform: (result: unknown) => result,
    cache: false,
    metaConfigFilePath: null,
    mergeImportArrays: true,
    mergeSearchPlaces: true,
  });
  return (await explorer.search(folder))?.filepath;
}

/** Only whether the key is there. A broken package.json is no config file of ours. */
function packageKey(text: string): unknown {
  try {
    const parsed = JSON.parse(text) as { readonly epinio?: unknown } | null;
    return parsed?.epinio === undefined ? {} : { epinio: { found: true } };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
