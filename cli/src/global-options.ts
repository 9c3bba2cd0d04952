import type { OptionSpec } from './command.ts';

/** Flags that every command takes. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: '--settings-file <path>', description: 'client settings', env: 'EPINIO_SETTINGS' },
  {
    flags: '--skip-ssl-verification',
    description: 'do not verify the server certificate',
    env: 'SKIP_SSL_VERIFICATION',
  },
  { flags: '-H, --header <header>', description: 'add "Name: value" to every request', repeatable: true },
  { flags: '--no-colors', description: 'no colours in the output' },
  {
    flags: '--timeout-multiplier <number>',
    description: 'scale all waits',
    env: 'EPINIO_TIMEOUT_MULTIPLIER',
    default: '1',
  },
];

/** True for a global flag that stands before its value as a word of its own. */
export function takesValue(word: string): boolean {
  return globalOptions.some(({ flags }) => flags.includes('<') && flags.split(/[ ,]+/).includes(word));
}
