import { defineConfig } from 'vitest/config'

// Alone and last: what measures memory or time, or looks at the whole machine. On two cores it would disturb and be disturbed.
const alone = ['attach', 'burner', 'connector', 'crash', 'oom', 'processes', 'recording', 'scheduling', 'scope', 'truth'].map(
  (name) => `__test__/e2e/${name}.spec.ts`,
)
// Runs the built command, or a browser, and waits as much as it computes.
const built = ['__test__/e2e/**/*.spec.ts', '__test__/browser/**/*.spec.ts', '__test__/scripts/{demo,package}.spec.ts']
const timeouts = { testTimeout: 180_000, hookTimeout: 180_000 }

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'unit', include: ['__test__/**/*.spec.ts'], exclude: built, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'built', include: built, exclude: alone, maxWorkers: 2, ...timeouts, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'alone', include: alone, fileParallelism: false, ...timeouts, sequence: { groupOrder: 2 } } },
    ],
  },
})
