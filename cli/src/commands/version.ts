import type { Command } from '../command.ts';
import { print } from '../terminal/terminal.ts';
import { version } from '../version.ts';

export default {
  summary: 'show the version of this command',
  async run(_args, _options, { terminal }) {
    print(terminal, `Epinio Version: ${version}`);
  },
} satisfies Command;
