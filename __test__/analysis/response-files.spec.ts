import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { classifyRecording } from '../../ts/analysis/index.ts'
import { shipped } from '../classify/shipped.ts'
import { directoryWith } from '../config/files.ts'
import { fakeRecording, metadata } from '../fixtures/recording.ts'

test.each([
  [hostname(), 'Full_GCC', 'a.c'],
  ['another-machine', 'Full_Generic', null],
])('response files are read where the recording was made: of %s it is %s', (host, minor, target) => {
  const cwd = directoryWith({ 'a.rsp': '-c a.c' })
  const fake = fakeRecording([{ argv: ['gcc', '@a.rsp'], rssKb: [1000] }], { metadata: { host: { ...metadata().host, hostname: host } } })
  const recording = {
    ...fake,
    *processes() {
      for (const batch of fake.processes()) yield { ...batch, cwd: [cwd] }
    },
  }
  const { classes } = classifyRecording(recording, shipped)
  expect([classes.classes.map((found) => found.minor), fake.stored?.target]).toEqual([[minor], [target]])
})
