import { testIngress } from '@epinio/core/testkit';
import { openIngress } from './testkit/open-ingress.ts';

testIngress('embedded-ingress', () => openIngress({ retrySeconds: 0.1 }));
