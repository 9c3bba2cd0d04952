// Measures the platform: npm run bench [-- --runs N] [--seconds N] [figure ...]. Tells what was measured and what it should be;
// being slow is no failure, not working is.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Bench } from './bench-run.ts';
import type { Figure, FigureGroup } from './figure.ts';
import { commands } from './figures/commands.ts';
import { endurance } from './figures/endurance.ts';
import { ingress } from './figures/ingress.ts';
import { kubeApi } from './figures/kube-api.ts';
import { platform } from './figures/platform.ts';
import { upload } from './figures/upload.ts';
import { tableText } from './table.ts';

/** In this order: what is said of a server's peak is not of the load that comes after it. */
const groups: readonly FigureGroup[] = [platform, commands, upload, ingress, kubeApi, endurance];
const known = Object.fromEntries(groups.flatMap(({ figures }) => Object.entries(figures)));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '600' },
    help: { type: 'boolean', short: 'h' },
  },
});
const unknown = positionals.filter((name) => known[name] === undefined);
const runs = Number(values.runs);
const seconds = Number(values.seconds);

if (values.help === true || unknown.length > 0 || !Number.isInteger(runs) || runs < 1 || !(seconds > 0)) {
  const width = Math.max(...Object.keys(known).map((name) => name.length));
  const list = Object.entries(known).map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`);
  const usage = `Usage: npm run bench -- [--runs N] [--seconds N] [figure ...]\n\nFigures, all but kube-endurance when none is named:\n${list.join('')}`;
  if (unknown.length > 0) process.stderr.write(`There is no figure "${unknown.join('", "')}"\n\n`);
  process.stderr.write(usage);
  process.exitCode = values.help === true ? 0 : 2;
} else {
  const usual = groups
    .filter(({ onDemand = false }) => !onDemand)
    .flatMap(({ figures }) => Object.keys(figures));
  const wanted = positionals.length > 0 ? positionals : usual;
  process.exitCode = await run(new Set(wanted));
}

/** @returns the exit code. */
async function run(wanted: ReadonlySet<string>): Promise<number> {
  // The commands hear of Ctrl-C themselves, and end; what they leave behind is then removed.
  const interrupt = new AbortController();
  const interrupted = (): boolean => interrupt.signal.aborted;
  process.once('SIGINT', () => interrupt.abort());
  const figures: Figure[] = [];
  let works = true;
  {
    await using bench = new Bench({ runs, seconds }, wanted);
    for (const group of groups) {
      if (interrupted()) break;
      try {
        for await (const figure of group.measure(bench)) {
          figures.push(figure);
          process.stderr.write(tableText([figure]).replace(/^.*\n/, ''));
        }
      } catch (error) {
        if (interrupted()) break; // and that is why
        works = false;
        const names = Object.keys(group.figures).filter((name) => wanted.has(name));
        process.stderr.write(`${names.join(', ')}: ${String(error)}\n`);
      }
    }
  }
  const [{ model } = { model: 'unknown' }] = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  process.stdout.write(`\n${tableText(figures)}\n`);
  process.stdout.write(`Node.js ${process.version}, ${cpus().length} x ${model}, load ${load.join(' ')}\n`);
  return interrupted() ? 130 : works ? 0 : 1;
}
