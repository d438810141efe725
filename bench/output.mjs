/**
 * A build that prints a lot: its duration under mymonitor against the same command alone, in pairs.
 *
 *   node bench/output.mjs [--runs 5] [--size 50M] [--chunk 1K]
 */
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BURNER, machine, parse, print, run, runsOf, sample, spread, table, temporary } from './lib.mjs'

const options = parse({
  runs: { type: 'string', default: '5' },
  size: { type: 'string', default: '50M' },
  chunk: { type: 'string', default: '1K' },
})
const runs = runsOf(options.runs)
const scratch = temporary()
const command = [BURNER, 'print', `size=${options.size}`, `chunk=${options.chunk}`]
const config = join(scratch, 'config.toml')
writeFileSync(config, '[paths]\nprojects_config = "projects.toml"\n')
writeFileSync(
  join(scratch, 'projects.toml'),
  `[[projects]]\nname = "print"\ndir = ${JSON.stringify(scratch)}\nprocess_pattern = ""\nbuild_command_template = ${JSON.stringify(command.join(' '))}\n`,
)

/** With stdout in a file, as a CI system or `> log` has it. */
function intoFile(body) {
  const file = openSync(join(scratch, 'stdout'), 'w')
  try {
    return body({ stdio: ['ignore', file, 'pipe'] })
  } finally {
    closeSync(file)
  }
}
const bare = () => intoFile((options) => run(command, options) * 1000)
const recorded = (...args) => intoFile((options) => sample(args, options))

const modes = {
  'sweep (-p)': () => recorded('--config', config, '-p', 'print', '-j', '1'),
  'command (--)': () => recorded('--', ...command),
  'command, --log-output': () => recorded('--log-output', '--', ...command),
}
machine()
print(`build: prints ${options.size}, ${options.chunk} a write; ${runs} pairs each, medians (range)`)
print()
const rows = [['', 'build / bare', 'bare ms', 'mymonitor in all, ms']]
for (const [name, measure] of Object.entries(modes)) {
  const pairs = Array.from({ length: runs }, () => ({ bare: bare(), ours: measure() }))
  rows.push([
    name,
    spread(pairs.map((pair) => pair.ours.metadata.duration_us / pair.bare)),
    spread(
      pairs.map((pair) => pair.bare / 1000),
      0,
    ),
    spread(
      pairs.map((pair) => pair.ours.wall),
      0,
    ),
  ])
}
table(rows)
