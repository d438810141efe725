import { Command, Option } from 'clipanion'
import { MyMonitorError } from '../../errors.ts'
import { recoverAll } from '../../sample/recover.ts'
import { printRecoveries } from '../ui/recover.ts'
import { BaseCommand } from './base.ts'

export class RecoverCommand extends BaseCommand {
  static override paths = [['recover']]
  static override usage = Command.Usage({
    description: 'Finish a recording whose mymonitor was killed: its tables, summary and HTML, from its journals',
    details: 'At most the last tick is lost. Every verb that opens a recording does the same by itself.',
    examples: [['Whatever is unfinished in a run', '$0 recover logs/run_20260102_030405']],
  })
  directory = Option.String({ required: false, name: 'DIR' })

  override async execute(): Promise<number> {
    const { ui, cwd, env } = this.context
    if (this.directory === undefined) throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'recover needs a directory: mymonitor recover DIR')
    const options = { dir: this.directory, noRedact: this.noRedact, ...(this.config === undefined ? {} : { config: this.config }) }
    return printRecoveries(ui, cwd, this.json, await recoverAll(options, { cwd, env }))
  }
}
