/** The journals of a recording read as docs/recording-format.md describes them, by nothing of mymonitor. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

class Fields {
  private at = 0
  private readonly payload: Buffer
  constructor(payload: Buffer) {
    this.payload = payload
  }
  byte = () => this.payload.readUInt8(this.at++)
  /** Exact to 2^53: hashes, which nobody asks for here, are longer. */
  unsigned = (): number => {
    let value = 0
    for (let weight = 1; ; weight *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value
    }
  }
  signed = () => {
    const value = this.unsigned()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  skip = (count: number) => {
    for (let field = 0; field < count; field++) this.unsigned()
  }
  skipTexts = (count: number) => {
    for (let text = 0; text < count; text++) {
      const length = this.unsigned()
      this.at += length
    }
  }
  list = <T>(one: () => T): T[] => Array.from({ length: this.unsigned() }, one)
}

function frames(file: string): Fields[] {
  const found: Fields[] = []
  let rest = readFileSync(file)
  while (rest.length >= 8) {
    const end = 8 + rest.readUInt32LE(0)
    const payload = rest.subarray(8, end)
    if (end > rest.length || crc32(payload) !== rest.readUInt32LE(4)) break
    found.push(new Fields(payload))
    rest = rest.subarray(end)
  }
  return found
}

function tickOf(fields: Fields, pids: Map<number, number>) {
  const [tick, elapsed_us, late_us] = [fields.unsigned(), fields.unsigned(), fields.unsigned()]
  const phase = fields.byte() === 0 ? 'setup' : 'build'
  const live = fields.unsigned()
  // CPU time, and the machine.
  fields.skip(1 + 9)
  fields.list(() => {
    pids.set(fields.unsigned(), fields.unsigned())
    fields.skip(6)
    fields.byte()
    fields.skip(1)
    fields.skipTexts(4)
    fields.skip(2)
  })
  let process_id = 0
  const samples = fields.list(() => {
    process_id += fields.signed()
    const [rss_kb, shared_kb] = [fields.unsigned(), fields.unsigned()]
    fields.skip(2)
    return { tick, pid: pids.get(process_id) ?? 0, rss_kb, shared_kb }
  })
  return { row: { tick, elapsed_us, late_us, phase, live }, samples }
}

export const byTickAndPid = (a: { tick: number; pid: number }, b: { tick: number; pid: number }) => a.tick - b.tick || a.pid - b.pid

/** Rows of `ticks` and `memory_samples`, the latter by tick and pid: exit records may add images, which numbers them anew. */
export function replayedTicks(dir: string) {
  const pids = new Map<number, number>()
  const ticks = frames(join(dir, 'ticks.journal'))
    .filter((fields) => fields.byte() === 1)
    .map((fields) => tickOf(fields, pids))
  return { ticks: ticks.map(({ row }) => row), samples: ticks.flatMap(({ samples }) => samples).sort(byTickAndPid) }
}

/** The exits that were recorded. */
export function replayedExits(dir: string) {
  return frames(join(dir, 'exits.journal'))
    .filter((fields) => fields.byte() === 1)
    .map((fields) => {
      const [pid, start_ticks] = [fields.unsigned(), fields.unsigned()]
      fields.skip(3)
      return { pid, start_ticks, exit_code: fields.unsigned() }
    })
}
