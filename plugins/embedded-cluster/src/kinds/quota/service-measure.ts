import { numberAt, objectAt, objectsAt } from '../../json.ts';
import type { Measure } from './measure.ts';

const LIMITED = new Set(['count/services', 'services', 'services.nodeports', 'services.loadbalancers']);

/** A Service takes a node port for each of its ports when its type has them. */
export const serviceMeasure: Measure = {
  limits: (name) => LIMITED.has(name),

  usage(service) {
    const { type, allocateLoadBalancerNodePorts } = objectAt(service, 'spec');
    const ports = objectsAt(service, 'spec', 'ports');
    const explicit = ports.filter((port) => (numberAt(port, 'nodePort') ?? 0) > 0);
    const balanced = type === 'LoadBalancer';
    const taken = balanced && allocateLoadBalancerNodePorts === false ? explicit : ports;
    return {
      'count/services': '1',
      services: '1',
      'services.nodeports': type === 'NodePort' || balanced ? String(taken.length) : '0',
      'services.loadbalancers': balanced ? '1' : '0',
    };
  },

  changes: () => true,
};
