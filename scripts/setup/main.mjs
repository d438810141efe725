import { join } from 'node:path'
import { withLock } from './lock.mjs'
import { Stamps } from './stamps.mjs'
import { steps } from './steps.mjs'
import { checkToolchains } from './toolchains.mjs'

export const ROOT = join(import.meta.dirname, '../..')

/** Does what is not up to date. A second call at the same time, in any process, waits for the first and then finds nothing to do. */
export async function setup() {
  if (steps.every((step) => isCurrent(step))) return
  checkToolchains()
  await withLock(ROOT, () => {
    for (const [index, step] of steps.entries()) {
      if (isCurrent(step)) continue
      const began = performance.now()
      say(`[${index + 1}/${steps.length}] ${step.title} …`)
      // The digest of before: an input that changes meanwhile makes the next set-up run the step again.
      const digest = step.digest?.(ROOT)
      const stamps = new Stamps(ROOT)
      stamps.forget(step.name)
      step.run(ROOT)
      if (digest !== undefined) stamps.remember(step.name, digest)
      say(`[${index + 1}/${steps.length}] ${step.title}: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    }
  })
}

function isCurrent(step) {
  return step.outputsExist(ROOT) && new Stamps(ROOT).recall(step.name) === step.digest?.(ROOT)
}

function say(line) {
  process.stderr.write(`mymonitor set-up ${line}\n`)
}
