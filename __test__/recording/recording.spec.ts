import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ErrorCode, MyMonitorError } from '../../ts/errors.ts'
import { readMetadata } from '../../ts/recording/metadata.ts'
import { openRecording } from '../../ts/recording/recording.ts'
import { metadata } from '../fixtures/recording.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mymonitor-recording-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const write = (name: string, content: unknown = '') =>
  writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content))

function failure(open: () => unknown): { code: ErrorCode; message: string } {
  try {
    open()
  } catch (error) {
    expect(error).toBeInstanceOf(MyMonitorError)
    const { code, message } = error as MyMonitorError
    return { code, message: message.replaceAll(dir, 'DIR') }
  }
  throw new Error('it was accepted')
}

const NOT = 'ERR_MYMONITOR_NOT_A_RECORDING'

describe('what is no recording is refused with what to pass instead', () => {
  test('a directory that does not exist', () => {
    expect(failure(() => openRecording(join(dir, 'none')))).toEqual({
      code: NOT,
      message: 'not a recording: DIR/none does not exist: pass the directory that `mymonitor sample` printed at its end',
    })
  })

  test('a file of a recording', () => {
    write('metadata.json', metadata())
    write('ticks.parquet')
    expect(failure(() => openRecording(join(dir, 'ticks.parquet')))).toEqual({
      code: NOT,
      message: 'not a recording: DIR/ticks.parquet is one file of a recording: pass its directory DIR',
    })
  })

  test('any other file', () => {
    write('a.txt')
    expect(failure(() => openRecording(join(dir, 'a.txt'))).message).toContain('DIR/a.txt is a file: pass the directory of a recording')
  })

  test('a run, whose recordings are named', () => {
    write('run.json', '{}')
    for (const name of ['demo_j2', 'demo_j1']) {
      mkdirSync(join(dir, name))
      write(`${name}/metadata.json`, metadata())
    }
    expect(failure(() => openRecording(dir))).toEqual({
      code: NOT,
      message: 'not a recording: DIR is a run with 2 of them: pass one of DIR/demo_j1, DIR/demo_j2',
    })
  })

  test('a run without a recording', () => {
    write('run.json', '{}')
    expect(failure(() => openRecording(dir)).message).toBe('not a recording: DIR is a run with no recording')
  })

  test('an empty directory', () => {
    expect(failure(() => openRecording(dir)).message).toContain('DIR has no metadata.json: pass the directory')
  })

  test('a build that never started', () => {
    write('metadata.json', { ...metadata(), state: 'failed', start_error: 'no such command: mak' })
    expect(failure(() => openRecording(dir))).toEqual({
      code: NOT,
      message: 'not a recording: DIR holds no measurement, as the build could not be started: no such command: mak',
    })
  })

  test('a recording that goes on, or whose recorder was killed', () => {
    write('metadata.json', { ...metadata(), state: 'running' })
    write('ticks.journal')
    expect(failure(() => openRecording(dir)).message).toBe(
      'not finished: mymonitor is still recording into DIR, or was killed before it could write the tables; in the latter case: mymonitor recover DIR',
    )
  })
})

test('a finished recording that lost its processes has no processes.parquet, as it is with any other table', () => {
  write('metadata.json', metadata())
  const { code, message } = failure(() => openRecording(dir))
  expect(code).toBe(NOT)
  expect(message).toMatch(/has no (?:memory_samples|processes|ticks)\.parquet/)
  for (const table of ['memory_samples', 'ticks']) write(`${table}.parquet`, 'PAR1')
  expect(failure(() => openRecording(dir)).message).toContain('has no processes.parquet')
})

describe('metadata.json', () => {
  const read = () => readMetadata(join(dir, 'metadata.json'))

  test('is read as it was written', () => {
    write('metadata.json', metadata())
    expect(read()).toEqual(metadata())
  })

  test('may have fields that this version does not know', () => {
    write('metadata.json', { ...metadata(), weather: 'fine', host: { ...metadata().host, racks: 2 } })
    expect(read().project).toBe('demo')
  })

  test('of an older version reads as null what was not written yet, and its cost as 0', () => {
    const { measurement_error, source_commit, host, own_cost, ...rest } = metadata()
    const { numa_nodes, ...oldHost } = host
    write('metadata.json', { ...rest, host: oldHost, own_cost: { ...own_cost, cpu_us: undefined } })
    const { cpu_us } = read().own_cost ?? {}
    expect([read().measurement_error, read().source_commit, read().host.numa_nodes, cpu_us]).toEqual([null, null, null, 0])
    write('metadata.json', rest)
    expect(failure(read).message).toContain('host')
    write('metadata.json', { ...rest, host })
    expect(read().own_cost).toBeNull()
  })

  test('that is no JSON is named', () => {
    write('metadata.json', '{"format_version": 1')
    expect(failure(read)).toEqual({
      code: 'ERR_MYMONITOR_DAMAGED',
      message: expect.stringMatching(/^DIR\/metadata\.json is not JSON: .*; restore it/),
    })
  })

  test('with wrong values has all of them listed', () => {
    write('metadata.json', { ...metadata(), state: 'done', jobs: 'four' })
    const { code, message } = failure(read)
    expect(code).toBe('ERR_MYMONITOR_DAMAGED')
    expect(message).toMatch(/state: Expected one of .*finished.*; jobs: .*got "four"/)
  })

  test('of a later format asks for a newer mymonitor', () => {
    write('metadata.json', { format_version: 99 })
    expect(failure(read)).toEqual({
      code: 'ERR_MYMONITOR_NEWER_FORMAT',
      message: 'DIR/metadata.json has format version 99, this mymonitor reads up to 1: open it with a newer mymonitor',
    })
  })
})

test('a table that is no Parquet file is damage, and is named', () => {
  write('metadata.json', metadata())
  for (const table of ['memory_samples', 'processes', 'ticks']) write(`${table}.parquet`, 'PAR1 it is not')
  const { code, message } = failure(() => openRecording(dir).tickFacts())
  expect(code).toBe('ERR_MYMONITOR_DAMAGED')
  expect(message).toMatch(/DIR\/\w+\.parquet/)
})
