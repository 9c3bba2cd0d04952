import { ClusterProcess } from '../../cluster/support/cluster-process.ts';
import { EnduranceLoad } from '../../cluster/support/endurance-load.ts';
import type { FigureGroup } from '../figure.ts';

const SAMPLES = 10;
/** By then it has compiled, cached and filled its history. */
const SETTLED = 2;

/** Whether the cluster grows while it is used. Only when it is asked for: it takes `--seconds`. */
export const endurance: FigureGroup = {
  onDemand: true,
  figures: {
    'kube-endurance':
      'memory of the cluster at the end of a load of --seconds, beside a fifth of the way into it',
  },
  async *measure(bench) {
    if (!bench.wants('kube-endurance')) return;
    await using cluster = await ClusterProcess.start({ history: 500 });
    using load = new EnduranceLoad(cluster.kubeconfigFile, 1);
    const heap: number[] = [];
    const resident: number[] = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const end = performance.now() + (bench.seconds * 1_000) / SAMPLES;
      await load.run(() => performance.now() >= end);
      const { heapMb, residentMb } = await cluster.memory();
      heap.push(heapMb);
      resident.push(residentMb);
      process.stderr.write(
        `${load.operations} operations: heap ${heapMb.toFixed(1)} MB, resident ${residentMb.toFixed(0)} MB\n`,
      );
    }
    for (const [name, values] of Object.entries({ heap, resident })) {
      yield {
        ...{ name: `kube-endurance ${name}`, unit: 'MB', measured: values.at(-1) ?? NaN, runs: 1 },
        baseline: { what: 'a fifth of the way', value: values[SETTLED - 1] ?? NaN },
        goal: { kind: 'at most times', value: 1.1 },
      };
    }
  },
};
