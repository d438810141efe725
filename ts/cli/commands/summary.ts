import { Command, Option } from 'clipanion'
import { MyMonitorError } from '../../errors.ts'
import { summarize } from '../../sample/export.ts'
import { printSummaries } from '../ui/exports.ts'
import { BaseCommand } from './base.ts'

export class SummaryCommand extends BaseCommand {
  static override paths = [['summary']]
  static override usage = Command.Usage({
    description: 'Print the peak, the categories and the trust of a recording or of every level of a run',
    examples: [
      ['A whole run', '$0 summary logs/run_20260102_030405'],
      ['As JSON, for jq', "$0 summary DIR --json | jq '.levels[].analysis.peak.kb'"],
    ],
  })
  directory = Option.String({ required: false, name: 'DIR' })

  override async execute(): Promise<number> {
    const { ui, cwd, env } = this.context
    if (this.directory === undefined) throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'summary needs a directory: mymonitor summary DIR')
    const options = { dir: this.directory, noRedact: this.noRedact, ...(this.config === undefined ? {} : { config: this.config }) }
    return printSummaries(ui, this.json, await summarize(options, { cwd, env }))
  }
}
