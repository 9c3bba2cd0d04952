import type { Command } from '../command.ts';
import { writeSettings } from '../settings/settings-file.ts';
import { done } from '../terminal/terminal.ts';

export default {
  summary: 'forget user and password',
  async run(_args, options, context) {
    await writeSettings(context, options, { user: '', pass: '' });
    done(context.terminal, 'Logged out');
  },
} satisfies Command;
