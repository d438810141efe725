/** Numbers drawn from a seed that is printed, so that a failure can be repeated: MYMONITOR_SEED=<seed>. */

export const SEED = Number(process.env['MYMONITOR_SEED'] ?? Math.floor(Math.random() * 2 ** 32)) >>> 0

let state = SEED

/** A whole number from `low` to `high`, both included (mulberry32). */
export function draw(low: number, high: number): number {
  state = (state + 0x6d2b79f5) >>> 0
  let bits = Math.imul(state ^ (state >>> 15), state | 1)
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
  return low + (((bits ^ (bits >>> 14)) >>> 0) % (high - low + 1))
}
