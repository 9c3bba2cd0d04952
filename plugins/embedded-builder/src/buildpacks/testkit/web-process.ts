import { readBuildMetadata } from '../../lifecycle/build-metadata.ts';
import type { BuildMachine } from '../../lifecycle/testkit/build-machine.ts';

/** The words with which the build's default process starts; paths of the layers begin with "<layers>". */
export function webProcess(machine: BuildMachine): readonly string[] {
  const { launch, defaultProcess } = readBuildMetadata(machine.path('layers'));
  const process = launch.processes.find(({ type }) => type === defaultProcess);
  const words = process === undefined ? [] : [...process.command, ...process.args];
  return words.map((word) =>
    word.replace(machine.path('layers'), '<layers>').replace(machine.path('app'), '<app>'),
  );
}
