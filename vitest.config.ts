import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Alone and last: what measures memory or time, or looks at the whole machine. On two cores it would disturb and be disturbed.
const alone = ['attach', 'burner', 'connector', 'crash', 'oom', 'processes', 'recording', 'scheduling', 'scope', 'truth'].map(
  (name) => `__test__/e2e/${name}.spec.ts`,
)
// Runs the built command, or a browser, and waits as much as it computes.
const built = ['__test__/e2e/**/*.spec.ts', '__test__/browser/**/*.spec.ts', '__test__/scripts/{demo,package}.spec.ts']
// Where nothing is known of earlier runs the largest file is the first. These are small and take long: begun last they would go on alone.
const first = ['browser/accessibility.spec.ts', 'scripts/demo.spec.ts']
const timeouts = { testTimeout: 180_000, hookTimeout: 180_000 }

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isFirst = ({ moduleId }: TestSpecification) => first.some((name) => moduleId.endsWith(name))
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))]
  }
}

export default defineConfig({
  test: {
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: 'unit', include: ['__test__/**/*.spec.ts'], exclude: built, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'built', include: built, exclude: alone, maxWorkers: 2, ...timeouts, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'alone', include: alone, fileParallelism: false, ...timeouts, sequence: { groupOrder: 2 } } },
    ],
  },
})
