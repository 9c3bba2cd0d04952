/** What stands in for the image of a well-known service: a program of this machine, begun as the image begins it. */
export interface ServiceImage {
  /** Names of the images in docker.io; "postgres" is "docker.io/library/postgres". */
  readonly repositories: readonly string[];
  /** Name of the program that has to be here. */
  readonly program: string;
  /** Where it is, beside the PATH: `*` is a version, of which the highest is taken. */
  readonly programFolders?: readonly string[];
  /** Debian's package that has it. */
  readonly package: string;
  /** POSIX shell: what the image's entrypoint does with its environment and arguments, on `PORT`, as whatever user. */
  readonly entrypoint: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** Folders that the image has, and its containers may write to. */
  readonly folders: readonly string[];
  readonly stopSignal?: string;
  /** Variables that get the value of `PORT`, so that the service's clients in the container find it. */
  readonly portVariables: readonly string[];
}
