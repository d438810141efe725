#!/usr/bin/env node
import { replaceProcessStreams } from './ui/streams.ts'
import { writeAll } from './ui/write.ts'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  writeAll(2, `mymonitor: needs Node 20.19 or newer, this is ${process.versions.node}\n`)
  process.exitCode = 125
} else {
  replaceProcessStreams()
  // Loaded now and not above: clipanion touches the streams while it is loaded, and an older Node may not even parse it.
  const { runCli } = await import('./cli.ts')
  const { workingDirectory } = await import('../run/files.ts')
  process.exitCode = await runCli(process.argv.slice(2), { cwd: workingDirectory(), env: process.env, handleSignals: true })
}
