import { testRegistry } from '@epinio/core/testkit';
import { openRegistry } from './fixtures/open-registry.ts';

testRegistry('embedded-registry', () => openRegistry());
