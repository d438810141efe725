import { explain } from '../../classify/classify.ts'
import { redact } from '../../classify/redact.ts'
import type { Rule } from '../../classify/rule.ts'
import type { Rules } from '../../classify/rules.ts'
import type { ProcessInput } from '../../classify/unwrap.ts'
import { quoted } from '../../classify/words.ts'
import { printable } from '../../report/printable.ts'
import type { Painter } from './paint.ts'

interface Style {
  paint: Painter
  json: boolean
  noRedact: boolean
}

/** One explanation: a block of lines, or one JSON object on a line. */
export function explanationText(rules: Rules, process: ProcessInput, { paint, json, noRedact }: Style): string {
  const { major, minor, rule, target, unwrapped, lost } = explain(rules, process)
  const given = noRedact ? process.argv : redact(process.argv)
  const shown = (argv: readonly string[]): readonly string[] => (argv === process.argv ? given : noRedact ? argv : redact(argv))
  const { command, interpreter } = unwrapped
  if (json) {
    const object = {
      schema: 1,
      comm: process.name,
      argv: given,
      command: shown(command.argv),
      interpreter: interpreter === null ? null : shown(interpreter.argv),
      rule: rule === '' ? null : rule,
      major,
      minor,
      target,
      lost: lost.map((other) => ({ rule: other.id, major: other.major, minor: other.minor })),
    }
    return `${JSON.stringify(object)}\n`
  }
  const line = (argv: readonly string[]): string => printable(argv.map(quoted).join(' '))
  const field = (name: string, value: string): string => `  ${paint.dim(name.padEnd(10))} ${value}`
  const lines = [
    paint.bold(given.length === 0 ? printable(process.name || command.name) : line(given)),
    field('category', printable(`${major} / ${minor}`)),
    field('rule', rule === '' ? paint.yellow('none matches') : printable(rule)),
    ...(target === null ? [] : [field('target', printable(target))]),
    ...(command.argv === process.argv ? [] : [field('stands for', line(shown(command.argv)))]),
    ...(interpreter === null ? [] : [field('run by', printable(interpreter.name))]),
    ...lost.map((other, i) => field(i === 0 ? 'lost' : '', nameOf(other))),
  ]
  return `${lines.join('\n')}\n`
}

function nameOf({ id, major, minor }: Rule): string {
  return printable(`${id}  ${major} / ${minor}`)
}
