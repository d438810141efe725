// npm test: set-up, then every test of every runner. The last line is "N passed, N failed", with ", N skipped" where something could not run.
import './node-version.mjs'

const { existsSync, readFileSync, rmSync } = await import('node:fs')
const { join } = await import('node:path')
const { ROOT, setup } = await import('./setup/main.mjs')
const { cargo } = await import('./setup/steps.mjs')
const { passThrough } = await import('./test/pass-through.mjs')
const { cargoTotals, summary } = await import('./test/totals.mjs')

const runs = []
try {
  await setup()
  await runAll()
} catch (error) {
  runs.push({ name: 'set-up', status: 1, passed: 0, failed: 1, skipped: [], note: error.expected ? error.message : error.stack })
}
const { lines, ok } = summary(runs)
process.stdout.write(`\n${lines.join('\n')}\n`)
process.exitCode = ok ? 0 : 1

async function runAll() {
  // At a place that does not depend on the machine.
  const burner = await passThrough(ROOT, 'cargo', ['build', '--profile', 'fast', '--target-dir', 'target', '--package', 'mymonitor-burner'])
  if (burner.status !== 0) runs.push({ name: 'the build of the burner', status: burner.status, passed: 0, failed: 1, skipped: [] })

  // The binding, too, though it has no tests here: with it the features are those of the set-up, and nothing of it is compiled again.
  const rust = await passThrough(ROOT, 'cargo', ['test', ...cargo(), '--workspace', '--no-fail-fast'])
  runs.push({ name: 'cargo test', status: rust.status, ...cargoTotals(rust.output) })

  const results = join(ROOT, 'target/vitest.json')
  rmSync(results, { force: true })
  const reporters = ['--reporter=default', '--reporter=./scripts/test/vitest-reporter.mjs']
  const vitest = await passThrough(ROOT, process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters])
  const totals = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : { passed: 0, failed: 0, skipped: [] }
  runs.push({ name: 'vitest', status: vitest.status, ...totals })
}
