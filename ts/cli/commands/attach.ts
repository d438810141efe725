import { Command, Option } from 'clipanion'
import { MyMonitorError } from '../../errors.ts'
import { runAttach } from '../../sample/attach.ts'
import { reportRun } from '../ui/run.ts'
import { parseCount, parseDuration } from '../values.ts'
import { BaseCommand } from './base.ts'

export class AttachCommand extends BaseCommand {
  static override paths = [['attach']]
  static override usage = Command.Usage({
    description: 'Sample a process that runs already, and what descends from it, until it ends or Ctrl+C',
    details: 'The process is left alone: Ctrl+C ends the sampling only. Without exit records, what lives between two ticks is not seen.',
    examples: [
      ['A build that was started without mymonitor', '$0 attach 4711'],
      ['The oldest make of this user', '$0 attach "$(pgrep -o -u "$USER" make)"'],
    ],
  })
  interval = Option.String('--interval', {
    description: 'Time between two ticks, such as 50ms. Default: interval_seconds of the configuration',
  })
  outputDir = Option.String('--output-dir', {
    description: 'Write the run below this directory. Default: log_root_dir of the configuration',
  })
  pid = Option.String({ required: false, name: 'PID' })

  override execute(): Promise<number> {
    const { ui, cwd, env, handleSignals } = this.context
    if (this.pid === undefined) throw new MyMonitorError('ERR_MYMONITOR_USAGE', 'attach needs a process id: mymonitor attach PID')
    const options = {
      pid: parseCount('PID', this.pid),
      noRedact: this.noRedact,
      ...(this.config === undefined ? {} : { config: this.config }),
      ...(this.interval === undefined ? {} : { intervalMs: parseDuration('--interval', this.interval) }),
      ...(this.outputDir === undefined ? {} : { outputDir: this.outputDir }),
    }
    return reportRun({ ui, cwd, json: this.json }, (observer) => runAttach(options, observer, { cwd, env, handleSignals }))
  }
}
