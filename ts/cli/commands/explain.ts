import { Command, Option } from 'clipanion'
import { loadRules } from '../../classify/rules.ts'
import { splitWords } from '../../classify/split.ts'
import type { ProcessInput } from '../../classify/unwrap.ts'
import { loadConfig } from '../../config/load.ts'
import { MyMonitorError } from '../../errors.ts'
import { lineBatches } from '../lines.ts'
import { explanationText } from '../ui/explain.ts'
import { BaseCommand } from './base.ts'

export class ExplainCommand extends BaseCommand {
  static override paths = [['explain']]
  static override usage = Command.Usage({
    description: 'Say which category a command line falls into, by which rule, and which other rules match',
    details: 'A response file (@file) of the command line is looked for in the current directory.',
    examples: [
      ['One command line', '$0 explain -- sh -c "ccache gcc -c a.c"'],
      ['A process of which only the name is known', '$0 explain --comm cc1plus'],
      ['Many of them, one JSON object each', '$0 explain --stdin --json < commands.tsv'],
    ],
  })
  override json = Option.Boolean('--json', false, {
    description: 'Print one JSON object with "schema": 1 a line, one for each command line',
  })
  comm = Option.String('--comm', { description: "The kernel's name of the process, which counts where there is no command line" })
  stdin = Option.Boolean('--stdin', false, {
    description: 'Read lines of comm, a tab and a command line, quoted as for a shell; one result each, as they come',
  })

  override async execute(): Promise<number> {
    const { ui, cwd, env, command, inputFd } = this.context
    if (this.stdin && (command !== undefined || this.comm !== undefined))
      throw usage(`--stdin takes everything from standard input: leave out ${command === undefined ? '--comm' : 'the command after --'}`)
    const named = this.comm !== undefined && this.comm !== ''
    if (!this.stdin && !named && (command === undefined || command.length === 0 || command[0] === ''))
      throw usage('explain needs a command line: mymonitor explain -- ARGV..., or --comm NAME, or --stdin')
    const rules = loadRules(loadConfig(this.config, { cwd, env }).rulesFile)
    const text = (process: ProcessInput) =>
      explanationText(rules, process, { paint: ui.out.paint, json: this.json, noRedact: this.noRedact })
    if (!this.stdin) {
      ui.out.write(text({ name: this.comm ?? '', exe: null, argv: command ?? [], cwd }))
      return 0
    }
    for (const lines of lineBatches(inputFd ?? 0)) {
      ui.out.write(lines.map((line) => text(processOfLine(line, cwd))).join(''))
      if (ui.out.closed?.()) break
    }
    return 0
  }
}

/** Without a tab the line is a command line alone. */
function processOfLine(line: string, cwd: string): ProcessInput {
  const tab = line.indexOf('\t')
  return { name: tab === -1 ? '' : line.slice(0, tab), exe: null, argv: splitWords(line.slice(tab + 1)), cwd }
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
