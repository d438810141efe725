#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'
import { replaceProcessStreams } from './ui/streams.ts'
import { writeAll } from './ui/write.ts'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  writeAll(2, `mymonitor: needs Node 20.19 or newer, this is ${process.versions.node}\n`)
  process.exitCode = 125
} else {
  // V8 lets its nursery grow from 1 to 16 MiB while modules are loaded, and never needs that again: 8 MiB of a recorder's memory. A later V8 may
  // have no such flag, and would say so.
  if (major <= 24) setFlagsFromString('--semi-space-growth-factor=1')
  replaceProcessStreams()
  // Loaded now and not above: clipanion touches the streams while it is loaded, and an older Node may not even parse it.
  const loaded = await Promise.all([import('./cli.ts'), import('../run/files.ts')]).catch(withoutDescriptors)
  if (loaded !== undefined) {
    const [{ runCli }, { workingDirectory }] = loaded
    process.exitCode = await runCli(process.argv.slice(2), { cwd: workingDirectory(), env: process.env, handleSignals: true })
  }
}

function withoutDescriptors(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EMFILE') throw error
  writeAll(
    2,
    'mymonitor: there are too few descriptors to start it (ulimit -n): nothing was run; 128 do, more read faster: ulimit -n 1024\n',
  )
  process.exitCode = 125
}
