import { Command, Option } from 'clipanion'
import { runSample } from '../../sample/run-sample.ts'
import { sampleOptions } from '../sample-options.ts'
import { reportRun } from '../ui/run.ts'
import { BaseCommand } from './base.ts'

export class SampleCommand extends BaseCommand {
  static override paths = [['sample']]
  static override usage = Command.Usage({
    description: 'Record builds, at one or several -j levels, and report what they do to memory (the default verb)',
    details: 'Exits with the status of the build; of several levels with that of the first that failed.',
    examples: [
      ['Record one build', '$0 -- make -j8'],
      ['Record it at several levels; {N} stands for the level', "$0 -j 8,4,2,1 --prepare 'make clean' -- make -j{N}"],
      ['Record a project of projects.toml', '$0 -p linux -j 16,8'],
      ['Three times, to see how far the figures spread', '$0 -p linux -j 16,8 --repeat 3'],
      ['Go on with a run that was interrupted', '$0 --resume logs/run_20260102_030405'],
    ],
  })
  override json = Option.Boolean('--json', false, {
    description:
      'Print one JSON document with "schema": 1 on stdout: with -p nothing else is there; with -- COMMAND it comes after the output of the build',
  })
  projects = Option.Array('-p,--project', { description: 'Record this project of projects.toml; may be repeated' })
  jobs = Option.String('-j,--jobs', { description: 'Levels, such as 8,4,2,1. Default: default_jobs of the configuration' })
  directory = Option.String('-C', { description: "Run the build in this directory instead of the project's own or the current one" })
  noPreClean = Option.Boolean('--no-pre-clean', false, { description: "Do not run the project's clean command before each level" })
  noPostClean = Option.Boolean('--no-post-clean', false, { description: "Do not run the project's clean command after each level" })
  prepare = Option.String('--prepare', { description: 'Run this shell command before each level of a command, not recorded' })
  repeat = Option.String('--repeat', { description: 'Record all levels this many times, one after the other each time' })
  resume = Option.String('--resume', {
    description: 'Go on with this interrupted run: what is finished stays, the rest is run by the plan it had',
  })
  failFast = Option.Boolean('--fail-fast', false, { description: 'Stop after the first level that fails' })
  interval = Option.String('--interval', {
    description: 'Time between two ticks, such as 50ms. Default: interval_seconds of the configuration',
  })
  metric = Option.String('--metric', {
    description: 'What totals and the peak are in: pss or rss. Default: metric_type of the configuration',
  })
  pss = Option.String('--pss', {
    description: 'Measure PSS where it pays (budget) or of every process at every tick (full, about 11 us of CPU per MiB). Default: budget',
  })
  pssBudget = Option.String('--pss-budget', { description: 'Most CPU for measuring PSS, in per cent of one CPU. Default: 1' })
  events = Option.String('--events', {
    description:
      'Where ends of processes are learnt from: auto, seccomp (exit records, else no build), connector (process connector, else no build) or poll. Default: auto',
  })
  timeout = Option.String('--timeout', { description: 'End a level after this time, such as 30min; the status is 124 then' })
  outputDir = Option.String('--output-dir', {
    description: 'Write the run below this directory. Default: log_root_dir of the configuration',
  })
  noReport = Option.Boolean('--no-report', false, { description: 'Write no HTML' })
  showOutput = Option.Boolean('--show-output', false, {
    description: 'Show the output of projects, too; it always goes to build_stdout.log',
  })
  logOutput = Option.Boolean('--log-output', false, { description: 'Write the output of a command to build_stdout.log, too' })
  noArgv = Option.Boolean('--no-argv', false, { description: "Do not store the arguments of the build's processes" })
  strict = Option.Boolean('--strict', false, { description: 'Exit with 125 when the measurement failed, whatever the build did' })

  override execute(): Promise<number> {
    const { ui, cwd, env, command, handleSignals } = this.context
    const options = sampleOptions(this, command)
    return reportRun({ ui, cwd, json: this.json }, (observer) => runSample(options, observer, { cwd, env, handleSignals }))
  }
}
