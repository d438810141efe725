import { defineConfig } from 'vitest/config'

// What measures memory and time, or drives a browser, runs alone and last: on two cores it would disturb and be disturbed.
const measuring = ['__test__/e2e/**/*.spec.ts', '__test__/browser/**/*.spec.ts', '__test__/scripts/{demo,package}.spec.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'unit', include: ['__test__/**/*.spec.ts'], exclude: measuring, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: 'measuring',
          include: measuring,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
