// Builds every package of the workspace into its dist folder, a second or so in all.
import { join } from 'node:path';
import { bundleCommand } from './bundle/command.ts';
import { bundleLibrary } from './bundle/library.ts';
import { libraries, root } from './workspace.ts';

await Promise.all([...libraries().map(bundleLibrary), bundleCommand(join(root, 'cli'))]);
