import { availableParallelism } from 'node:os'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'

const skipped = ['**/node_modules/**', '**/dist/**', '**/.gatehouse/**']

/** Here the libraries of clouds look at what machine they are on, and keep what they found for as long as the process lives. */
const APART = ['test/credentials/**/*.test.ts']

const config: ViteUserConfig = defineConfig({
  test: {
    // A real server on a busy machine may be slow; a test that hangs must still end.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // What comes by itself is waited for as long: how soon it comes is for `bench/` to say.
    expect: { poll: { timeout: 20_000 } },
    passWithNoTests: false,
    // One for each processor, and on a small machine more: half of the time they wait for servers.
    maxWorkers: Math.max(4, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    // The files of a worker share its process: to load gateway and grammar anew for each is a fifth of all work.
    isolate: false,
    setupFiles: ['scripts/left-as-found.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'apps/admin/ui/src/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/src/**/*.test.ts',
          ],
          exclude: [...skipped, '**/*.server.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          // Here real servers run, started once: `inject('servers')` (test/servers/global-setup.ts).
          include: ['packages/*/src/**/*.server.test.ts', 'apps/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...skipped, ...APART],
          globalSetup: ['test/servers/global-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'apart',
          // With the same servers, but a process for each file.
          include: APART,
          exclude: skipped,
          globalSetup: ['test/servers/global-setup.ts'],
          isolate: true,
        },
      },
    ],
  },
})
export default config
