/**
 * @typedef {{ name: string, status: number, passed: number, failed: number, skipped: { name: string, reason: string }[], note?: string }} Run
 */

/** Sums the result lines of all test binaries of one `cargo test`. */
export function cargoTotals(output) {
  const totals = { passed: 0, failed: 0, skipped: [] }
  for (const [, passed, failed] of output.matchAll(/^test result: \S+ (\d+) passed; (\d+) failed;/gm)) {
    totals.passed += Number(passed)
    totals.failed += Number(failed)
  }
  for (const [, name, reason] of output.matchAll(/^test (.+) \.\.\. ignored(?:, (.*))?$/gm))
    totals.skipped.push({ name, reason: reason ?? 'no reason given' })
  return totals
}

/**
 * What is printed at the end. A runner that crashed, or that ran no test, counts as one failure: silence is not success.
 * @param {Run[]} runs
 */
export function summary(runs) {
  const lines = []
  let [passed, failed, skipped] = [0, 0, 0]
  for (const run of runs) {
    const trouble = troubleOf(run)
    if (trouble !== null) lines.push(trouble)
    for (const { name, reason } of run.skipped) lines.push(`skipped: ${name}: ${reason}`)
    passed += run.passed
    failed += run.failed + (trouble !== null && run.failed === 0 ? 1 : 0)
    skipped += run.skipped.length
  }
  lines.push(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return { lines, ok: failed === 0 && passed > 0 }
}

function troubleOf({ name, status, passed, failed, note }) {
  if (note !== undefined) return `failed: ${name}: ${note}`
  if (status !== 0) return `failed: ${name} exited with ${status}${failed > 0 ? `, ${failed} of its tests failed` : ''}`
  if (failed > 0) return `failed: ${name} exited with 0 although ${failed} of its tests failed`
  return passed === 0 ? `failed: ${name} ran no test` : null
}
