import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/**
 * Copies the contents of a folder into another, made if it is not there, with modes and times; links stay
 * links. `cp` does it, which is several times as fast as Node.js for thousands of small files.
 */
export function copyTree(from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  return new Promise((resolve, reject) => {
    const child = spawn('cp', ['-RpP', `${from}/.`, to], { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < 2000) complaint += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else
        reject(new Error(`"${from}" cannot be copied to "${to}": ${complaint.trim().split('\n')[0] ?? ''}`));
    });
  });
}
