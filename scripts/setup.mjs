// Brings npm packages, native addon, launcher, TypeScript and report client up to date. Runs before node_modules exists: built-in modules only.
import './node-version.mjs'

const { setup } = await import('./setup/main.mjs')
try {
  await setup()
} catch (error) {
  process.stderr.write(`mymonitor: the set-up failed: ${error.expected ? error.message : error.stack}\n`)
  process.exitCode = 1
}
