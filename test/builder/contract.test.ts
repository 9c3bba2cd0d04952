import { testBuilder } from '@epinio/core/testkit';
import { openCluster } from './open-cluster.ts';

testBuilder('embedded-builder on the embedded cluster', openCluster);
