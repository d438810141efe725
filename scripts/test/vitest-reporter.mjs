import { mkdirSync, writeFileSync } from 'node:fs'

/** Writes target/vitest.json: what npm test counts, with the reason of each skipped test, which vitest's own JSON reporter leaves out. */
export default class TotalsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: [] }
    for (const module of modules) {
      // A file that cannot be loaded has errors and no tests.
      totals.failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state, note } = test.result()
        if (state === 'passed') totals.passed += 1
        else if (state === 'failed') totals.failed += 1
        else totals.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: note ?? 'no reason given' })
      }
      for (const suite of module.children.allSuites()) totals.failed += suite.errors().length
    }
    mkdirSync('target', { recursive: true })
    writeFileSync('target/vitest.json', JSON.stringify(totals))
  }
}
