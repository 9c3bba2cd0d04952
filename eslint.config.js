import n from 'eslint-plugin-n';
import tseslint from 'typescript-eslint';

const testFunctions = ['describe', 'it', 'test', 'suite'].map((name) => ({
  from: 'package',
  name,
  package: 'node:test',
}));

/** Imports that a folder may not make, each with the reason that is shown. */
const forbid = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

export default tseslint.config(
  { ignores: ['**/dist/**', '**/dist.new/**', '**/node_modules/**', 'examples/apps/**', '**/*.json'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { n },
    rules: {
      'n/prefer-node-protocol': 'error',
      'n/no-extraneous-import': ['error', { allowModules: ['zod', '@epinio/core'] }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: testFunctions }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off', // a type parameter that only names the caller's type documents the port
      '@typescript-eslint/prefer-promise-reject-errors': 'off', // an AbortSignal's reason is of any type
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
      // `await using _x = …` names what is held open to the end of the block.
      '@typescript-eslint/no-unused-vars': [
        'error',
        { varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'the environment is read in cli/src/bin.ts' },
      ],
    },
  },
  {
    files: ['core/src/**'],
    rules: forbid({
      group: ['@epinio/*', '**/plugins/**', '**/cli/**'],
      message: 'core knows contracts, never products',
    }),
  },
  {
    files: ['plugins/**', 'examples/plugins/**'],
    rules: forbid(
      { group: ['tsyringe', 'reflect-metadata'], message: 'needs arrive as the argument of create' },
      {
        group: ['epinio', '**/cli/**', '**/core/src/**', '@epinio/core/adapters', '@epinio/core/api'],
        message: 'a plugin imports @epinio/core, its oci and archive, and its testkit in tests',
      },
    ),
  },
  {
    files: ['**/*.test.ts', 'test/**', 'cli/build.ts', 'cli/src/bin.ts', '**/testkit/**'],
    rules: { 'no-restricted-properties': 'off', 'no-console': 'off', 'n/no-extraneous-import': 'off' },
  },
  {
    files: ['cli/src/bin.ts', '**/lifecycle/**', '**/supervisor/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // Programs of builds: they speak by their output, and are told by their environment.
    files: ['plugins/*/buildpacks/**'],
    rules: { 'no-console': 'off', 'no-restricted-properties': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
