import { spawn } from 'node:child_process';
import { Failure } from './failure.mjs';

const SETTINGS = {
  CI: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_loglevel: 'error',
  npm_config_logs_max: '0',
  npm_config_prefer_offline: 'true',
  npm_config_progress: 'false',
  npm_config_update_notifier: 'false',
};

/** Runs npm with its output in the build log. Fails with the command that failed. */
export function npm(args, { directory, cache }) {
  const shown = `npm ${args.join(' ')}`;
  console.log(`$ ${shown}`);
  const env = { ...SETTINGS, ...process.env, ...(cache !== undefined && { npm_config_cache: cache }) };
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd: directory, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      const reason =
        error.code === 'ENOENT' ? 'npm is not on the PATH of the machine that builds' : error.message;
      reject(new Failure(`"${shown}" cannot be run: ${reason}`));
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Failure(`"${shown}" ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}`),
        );
    });
  });
}
